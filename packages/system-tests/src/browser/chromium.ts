import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian's Chromium is; null where it is not installed. */
export function findChromium(): string | null {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, 'chromium')).find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function startChromium(executablePath: string): Promise<Browser> {
  // Its sandbox does not run as root.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}

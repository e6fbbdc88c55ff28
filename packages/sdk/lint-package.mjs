/** What publint and are-the-types-wrong find on the package as it would be packed, as JSON. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { pack } from './pack.mjs';

/** As `attw --profile esm-only`: the package is for `import` alone, and for what reads `exports`. */
const OTHERS = ['node10', 'node16-cjs'];

const folder = mkdtempSync(path.join(tmpdir(), 'licet-pack-'));
try {
  const { content, tarball } = pack(folder);
  const { messages } = await publint({ pkgDir: content, strict: true });
  const packed = createPackageFromTarballData(readFileSync(tarball));
  const { types, problems = [] } = await checkPackage(packed);
  const foreign = packed
    .listFiles()
    .filter((file) => /\.(js|d\.ts)$/.test(file) && /from ['"]@licet\//.test(packed.readFile(file)));
  const found = {
    publint: messages,
    types: types === false ? 'none' : types.kind,
    problems: problems.filter(({ resolutionKind }) => !OTHERS.includes(resolutionKind)),
    foreign,
  };
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

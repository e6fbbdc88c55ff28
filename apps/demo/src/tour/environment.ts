import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TourError } from './tour-error.js';

export interface TourAccess {
  /** Origin of the gateway, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly apiKey: string;
}

/**
 * Where the system is and the key to it: LICET_URL, and LICET_API_KEY or the admin key that the launcher uses
 * (LICET_BOOTSTRAP_KEY, else the one kept in the data directory). TourError where there is none.
 */
export async function readTourAccess(
  variables: Readonly<Record<string, string | undefined>>,
  repository: string,
): Promise<TourAccess> {
  const url = variables['LICET_URL'] || 'http://127.0.0.1:4000';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new TourError(
      `LICET_URL is \`${url}\`; set it to the gateway's address, such as http://127.0.0.1:4000`,
    );
  }
  const given = variables['LICET_API_KEY'] || variables['LICET_BOOTSTRAP_KEY'];
  const dataDir = path.resolve(repository, variables['LICET_DATA_DIR'] || '.licet');
  return { url: new URL(url).origin, apiKey: given ?? (await keptKey(path.join(dataDir, 'admin-key'))) };
}

async function keptKey(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept.trim();
  throw new TourError(
    `no API key: \`${file}\` is not there; run \`npm start\` in another terminal first, or set LICET_API_KEY`,
  );
}

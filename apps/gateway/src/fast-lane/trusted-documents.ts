import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * The documents of the JSON file at `path`, an object of SHA-256 in hexadecimal → document; none where no path is
 * given. Throws a RangeError that names the variable, what is wrong and the remedy. Whether a document fits the schema
 * is not asked: one that does not is answered like any other.
 */
export function readTrustedDocuments(path: string | undefined): ReadonlyMap<string, string> {
  if (path === undefined || path === '') return new Map();
  return new Map(Object.entries(readObject(path)).map(([hash, document]) => checked(hash, document)));
}

function readObject(path: string): object {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw problem(`names \`${path}\`, which cannot be read as JSON (${reason})`);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw problem(`names \`${path}\`, which holds no JSON object`);
}

function checked(hash: string, document: unknown): [string, string] {
  if (typeof document !== 'string') throw problem(`has no text under \`${hash}\``);
  const right = createHash('sha256').update(document).digest('hex');
  if (hash === right) return [hash, document];
  throw problem(`has a document under \`${hash}\` whose SHA-256 is \`${right}\``);
}

function problem(text: string): RangeError {
  return new RangeError(
    `LICET_TRUSTED_DOCUMENTS ${text}; set it to a JSON file that maps the SHA-256 of each document, in hexadecimal, to its text`,
  );
}

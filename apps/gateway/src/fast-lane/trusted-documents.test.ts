import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrustedDocuments } from './trusted-documents.js';

const folder = mkdtempSync(join(tmpdir(), 'licet-documents-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileOf(content: string): string {
  const path = join(folder, 'documents.json');
  writeFileSync(path, content);
  return path;
}

const DOCUMENT = '{ tenant { name } }';
const HASH = createHash('sha256').update(DOCUMENT).digest('hex');

test('documents are read by their hash, and none where no file is named', () => {
  expect([...readTrustedDocuments(fileOf(JSON.stringify({ [HASH]: DOCUMENT })))]).toEqual([[HASH, DOCUMENT]]);
  expect(readTrustedDocuments(undefined).size).toBe(0);
  expect(readTrustedDocuments('').size).toBe(0);
});

test.each([
  ['no JSON', '{', /cannot be read as JSON/],
  ['a list', '[]', /holds no JSON object/],
  ['a document that is no text', '{"a":1}', /has no text under `a`/],
  [
    'a document under another hash',
    `{"a":"${DOCUMENT}"}`,
    new RegExp(`under \`a\` whose SHA-256 is \`${HASH}\``),
  ],
])('a file with %s is refused, with the variable and the remedy', (_name, content, message) => {
  const path = fileOf(content);
  expect(() => readTrustedDocuments(path)).toThrow(message);
  expect(() => readTrustedDocuments(path)).toThrow(/^LICET_TRUSTED_DOCUMENTS .*; set it to a JSON file/);
});

test('a file that is not there is refused', () => {
  expect(() => readTrustedDocuments(join(folder, 'nowhere.json'))).toThrow(/nowhere\.json.*cannot be read/);
});

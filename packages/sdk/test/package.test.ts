import { execFileSync } from 'node:child_process';
import path from 'node:path';

test('publint and are-the-types-wrong find nothing on what is packed, and it needs nothing of this workspace', () => {
  const text = execFileSync(process.execPath, [path.join(__dirname, '../lint-package.mjs')], {
    encoding: 'utf8',
  });
  expect(JSON.parse(text)).toEqual({ publint: [], types: 'included', problems: [], foreign: [] });
});

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileStorage } from '@licet/sdk/node';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'licet-storage-'));
});
afterEach(() => rm(directory, { recursive: true }));

test.each([
  ['nothing', ''],
  ['a few words', 'Zoë'],
  ['just what is read at once', 'x'.repeat(16_384)],
  ['a character that two readings share', `${'x'.repeat(16_383)}ë`],
  ['more than is read at once', 'ë'.repeat(50_000)],
])('%s is read as it was written', async (_, text) => {
  const storage = fileStorage(directory);
  await storage.write('ada', text);
  await expect(storage.read('ada')).resolves.toBe(text);
});

test('what was never written is null, in a directory that is there and in one that is not', async () => {
  await expect(fileStorage(directory).read('ada')).resolves.toBeNull();
  await expect(fileStorage(path.join(directory, 'none')).read('ada')).resolves.toBeNull();
});

test('what cannot be read says why', async () => {
  const storage = fileStorage(directory);
  await storage.write('ada', 'text');
  const [file = ''] = await readdir(directory);
  await rm(path.join(directory, file));
  await mkdir(path.join(directory, file));
  await expect(storage.read('ada')).rejects.toMatchObject({ code: 'EISDIR' });
});

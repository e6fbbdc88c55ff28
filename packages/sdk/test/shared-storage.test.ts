import { type ClientStorage, memoryStorage } from '@licet/sdk';
import { Kept, NOTHING_SEEN } from '../src/kept.js';
import { Site } from '../testing/site.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

/** Who writes while nobody else does takes longer than those who come meanwhile, as on a disk that is busy. */
function slowStorage(): ClientStorage {
  const storage = memoryStorage();
  let writing = 0;
  return {
    ...storage,
    write: async (name, text) => {
      writing += 1;
      for (let turns = writing === 1 ? 100 : 0; turns > 0; turns -= 1)
        await new Promise((resolve) => setImmediate(resolve));
      await storage.write(name, text);
      writing -= 1;
    },
    place: () => Promise.resolve('this machine'),
  };
}

test('of two clients that keep at once the newer snapshot stays, beside what was seen of it', async () => {
  const storage = slowStorage();
  const kept = [1, 2].map(() => new Kept(storage, 'ada'));
  const write = (client: Kept | undefined, counter: number) =>
    client?.write(
      { token: String(counter), keys: [], etag: null, place: null },
      { ...NOTHING_SEEN, starts: 1, counter },
    );
  await Promise.all([write(kept[0], 6), write(kept[1], 7)]);
  expect(await kept[0]?.snapshot()).toMatchObject({ token: '7' });
  expect(await kept[0]?.seen()).toMatchObject({ counter: 7 });
});

test('no snapshot is kept where what was seen cannot be', async () => {
  const storage = memoryStorage();
  const write: ClientStorage['write'] = (name, text) =>
    name.endsWith('.seen') ? Promise.reject(new Error('the disk is full')) : storage.write(name, text);
  const kept = new Kept({ ...storage, write }, 'ada');
  const snapshot = { token: '6', keys: [], etag: null, place: null };
  await expect(kept.write(snapshot, { ...NOTHING_SEEN, counter: 6 })).rejects.toThrow('the disk is full');
  expect(await kept.snapshot()).toBeNull();
});

test('of several clients that end at once without a gateway every decision is kept, and reported by the next', async () => {
  const storage = slowStorage();
  const clients = await Promise.all([1, 2, 3, 4].map(() => site.start({ storage })));
  await site.gateway.down();
  for (const client of clients) client.check('sso');
  await Promise.all(clients.map((client) => client.close()));
  await site.gateway.up();
  const next = await site.start({ storage });
  await until(() => site.gateway.reports.length > 0);
  expect(site.gateway.reports.flat()).toHaveLength(4);
  await next.close();
});

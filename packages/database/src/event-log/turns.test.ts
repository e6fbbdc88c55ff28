import { Turns } from './turns.js';

const MOST = 32;

test('so many work at once; each that ends lets the next begin, also when it fails', async () => {
  const turns = new Turns(MOST);
  const begun: number[] = [];
  const ends: ((how: 'well' | 'badly') => void)[] = [];
  const all = Array.from({ length: MOST + 3 }, (_, index) =>
    turns.take(async () => {
      begun.push(index);
      const how = await new Promise((resolve) => ends.push(resolve));
      if (how === 'badly') throw new Error('it failed');
    }),
  );
  await Promise.resolve();
  expect(begun).toHaveLength(MOST);
  ends[0]?.('well');
  ends[1]?.('badly');
  await Promise.allSettled(all.slice(0, 2));
  expect(begun.slice(MOST)).toEqual([MOST, MOST + 1]);
  for (let index = 2; index < all.length; index += 1) {
    ends[index]?.('well');
    await Promise.allSettled(all.slice(index, index + 1));
  }
  expect(begun).toEqual(all.map((_, index) => index));
});

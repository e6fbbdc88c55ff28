import { Turns, TURNS_MAX } from './turns.js';

test('so many work at once; each that ends lets the next begin, also when it fails', async () => {
  const turns = new Turns();
  const begun: number[] = [];
  const ends: ((how: 'well' | 'badly') => void)[] = [];
  const all = Array.from({ length: TURNS_MAX + 3 }, (_, index) =>
    turns.take(async () => {
      begun.push(index);
      const how = await new Promise((resolve) => ends.push(resolve));
      if (how === 'badly') throw new Error('it failed');
    }),
  );
  await Promise.resolve();
  expect(begun).toHaveLength(TURNS_MAX);
  ends[0]?.('well');
  ends[1]?.('badly');
  await Promise.allSettled(all.slice(0, 2));
  expect(begun.slice(TURNS_MAX)).toEqual([TURNS_MAX, TURNS_MAX + 1]);
  for (let index = 2; index < all.length; index += 1) {
    ends[index]?.('well');
    await Promise.allSettled(all.slice(index, index + 1));
  }
  expect(begun).toEqual(all.map((_, index) => index));
});

import { interleaved, Side } from './rounds.js';

test('sides take turns, and another one begins each round', async () => {
  const order: string[] = [];
  const side = (name: string) => new Side(() => Promise.resolve(order.push(name)));
  await interleaved(3, [side('own'), side('peer')]);
  expect(order).toEqual(['own', 'peer', 'peer', 'own', 'own', 'peer']);
});

test('each side keeps its own results, one for each round', async () => {
  let count = 0;
  const own = new Side(() => Promise.resolve((count += 1)));
  const peer = new Side(() => Promise.resolve('peer'));
  await interleaved(2, [own, peer]);
  expect(own.results).toEqual([1, 2]);
  expect(peer.results).toEqual(['peer', 'peer']);
});

test('a side that fails ends the race', async () => {
  const failing = new Side(() => Promise.reject(new Error('a body is wrong')));
  await expect(interleaved(1, [failing])).rejects.toThrow('a body is wrong');
});

import { setImmediate as turnEnds } from 'node:timers/promises';
import { Outbox } from './outbox.js';

test('answers are written in order when the turn ends, and of many the first do not wait so long', async () => {
  const outbox = new Outbox();
  const written: number[] = [];
  const put = (from: number, to: number): void => {
    for (let answer = from; answer < to; answer += 1) outbox.put(() => written.push(answer));
  };
  put(0, 31);
  expect(written).toEqual([]);
  put(31, 40);
  expect(written).toHaveLength(32);
  await turnEnds();
  expect(written).toEqual(Array.from({ length: 40 }, (_, answer) => answer));
  put(40, 41);
  expect(written).toHaveLength(40);
  await turnEnds();
  expect(written).toHaveLength(41);
});

test('an answer that is put while others are written is written, too', async () => {
  const outbox = new Outbox();
  const written: string[] = [];
  outbox.put(() => {
    written.push('first');
    outbox.put(() => written.push('second'));
  });
  await turnEnds();
  await turnEnds();
  expect(written).toEqual(['first', 'second']);
});

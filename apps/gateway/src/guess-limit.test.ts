import { GuessLimit, type Leave } from './guess-limit.js';

const WRONG = { kind: 'WRONG' } as const;
const RIGHT = { kind: 'RIGHT' } as const;

/** Lets the promises that are settled be seen. */
async function soon(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function guesses(limit: GuessLimit, count: number): Promise<Leave[]> {
  return Promise.all(Array.from({ length: count }, () => limit.enter('here')));
}

test('who is wrong too often waits for the rest of the minute, and others do not', async () => {
  const limit = new GuessLimit(2);
  for (const leave of await guesses(limit, 2)) leave(WRONG);
  jest.advanceTimersByTime(20_000);
  await expect(limit.enter('here')).rejects.toMatchObject({
    extensions: { code: 'RATE_LIMITED', retryAfter: 40 },
  });
  await expect(limit.enter('elsewhere')).resolves.toBeDefined();
  jest.advanceTimersByTime(40_000);
  await expect(guesses(limit, 2)).resolves.toHaveLength(2);
});

test('right ones count for nothing, however many', async () => {
  const limit = new GuessLimit(1);
  for (let count = 0; count < 10; count += 1) (await limit.enter('here'))(RIGHT);
  await expect(limit.enter('here')).resolves.toBeDefined();
});

test('who finds no room because others are looked up waits for them, in order', async () => {
  const limit = new GuessLimit(2);
  const [first, second] = await guesses(limit, 2);
  const seen: string[] = [];
  const waiting = ['a', 'b', 'c'].map((name) =>
    limit.enter('here').then(
      (leave) => {
        seen.push(`${name} in`);
        return leave;
      },
      () => seen.push(`${name} refused`),
    ),
  );
  await soon();
  expect(seen).toEqual([]);
  first?.(RIGHT);
  await soon();
  expect(seen).toEqual(['a in']);
  second?.(WRONG);
  await soon();
  expect(seen).toEqual(['a in']);
  const leave = await waiting[0];
  if (typeof leave === 'function') leave(WRONG);
  await Promise.all(waiting);
  expect(seen).toEqual(['a in', 'b refused', 'c refused']);
});

test('where it cannot be found out those that wait are told the same, and it counts for nothing', async () => {
  const limit = new GuessLimit(1);
  const [first] = await guesses(limit, 1);
  const waiting = limit.enter('here');
  const error = new Error('out of reach');
  first?.({ kind: 'FAILED', error });
  await expect(waiting).rejects.toBe(error);
  await expect(limit.enter('here')).resolves.toBeDefined();
});

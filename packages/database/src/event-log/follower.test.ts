import { instant } from '@licet/domain';
import { Follower, SlowFollowerError } from './follower.js';
import type { StoredEvent } from './read.js';
import { ORIGIN, revisionOf } from './revision.js';

const FEED = { position: 0, detach: () => undefined };
const MEBIBYTE = 1024 * 1024;

function event(position: number, { bytes = 100, listed = true } = {}): StoredEvent {
  const revision = revisionOf(position, Buffer.alloc(4));
  return {
    id: String(position),
    cursor: revision,
    revision,
    type: 'customer.created',
    subjectType: 'customer',
    subjectId: 'a',
    customerId: null,
    actor: { kind: 'SYSTEM', id: 'test', name: null },
    reason: null,
    requestId: null,
    at: instant(0),
    recordedAt: instant(0),
    data: {},
    listed,
    subjects: [],
    bytes,
  };
}

function events(from: number, to: number, bytes?: number): StoredEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) =>
    event(from + index, bytes === undefined ? {} : { bytes }),
  );
}

/** One that goes on live from the origin. */
function liveFollower(listed = false): Follower {
  const follower = new Follower({ from: ORIGIN, subject: null, listed }, 0, FEED);
  follower.live();
  return follower;
}

async function positions(follower: Follower, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) taken.push((await follower.next()).value?.id ?? 'over');
  return taken;
}

test('one that leaves too many events unread is let go, and what waited with it', async () => {
  const follower = liveFollower();
  follower.push(events(1, 10_000));
  expect(follower.bytes).toBe(1_000_000);
  follower.push(events(10_001, 10_001));
  expect(follower.bytes).toBe(0);
  await expect(follower.next()).rejects.toThrow(SlowFollowerError);
});

test('so is one that leaves too many bytes unread; one large event it may have', async () => {
  const follower = liveFollower();
  follower.push(events(1, 1, 5 * MEBIBYTE));
  expect(await positions(follower, 1)).toEqual(['1']);
  expect(follower.bytes).toBe(0);
  follower.push(events(2, 6, MEBIBYTE));
  expect(follower.bytes).toBe(0);
  await expect(follower.next()).rejects.toThrow(SlowFollowerError);
});

test('what is too much to be kept while history is read is read as history: nothing is missed, nothing comes twice', async () => {
  const follower = new Follower({ from: ORIGIN, subject: null }, 2, FEED);
  follower.push(events(3, 7, MEBIBYTE));
  expect(follower.bytes).toBe(0);
  follower.push(events(8, 8));
  follower.history(events(1, 2));
  expect(follower.behind()).toBe(true);
  follower.history(events(3, 8));
  expect(follower.behind()).toBe(false);
  follower.live();
  follower.push(events(9, 9));
  expect(await positions(follower, 9)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect(follower.bytes).toBe(0);
});

test('one that wants what is listed is not woken by usage', async () => {
  const follower = liveFollower(true);
  follower.push([event(1, { listed: false }), event(2)]);
  expect(await positions(follower, 1)).toEqual(['2']);
});

test('it knows whether more is to come up to a place: the log is read up to there, and nothing waits', async () => {
  const feed = { position: 2, detach: () => undefined };
  const follower = new Follower({ from: ORIGIN, subject: null }, 0, feed);
  const [first, second, third] = [event(1), event(2), event(3)];
  expect(follower.hasTaken(first.cursor)).toBe(false);
  follower.live();
  expect([second, third].map(({ cursor }) => follower.hasTaken(cursor))).toEqual([true, false]);
  follower.push([first, second]);
  await follower.next();
  expect(follower.hasTaken(second.cursor)).toBe(false);
  await follower.next();
  expect(follower.hasTaken(second.cursor)).toBe(true);
  follower.end();
  expect(follower.hasTaken(second.cursor)).toBe(false);
});

import { hash } from 'node:crypto';
import { type DecisionRecord, DecisionRecorder, rollUpDecisions } from '@licet/database';
import { type Instant, instant } from '@licet/domain';
import { EXPECTED } from './catalog.js';
import { type BenchTenant, customerName } from './tenant.js';

export const CUSTOMERS = 10_000;
/** Between two decisions, in milliseconds: ten million make a day. */
const APART = 8.64;
/** A gateway's flush, and the worker's roll-up, in decisions at that pace. */
const IN_FLUSH = Math.round(80 / APART);
const IN_ROLL_UP = Math.round(10_000 / APART);
/** What is older than a quarter of an hour is rolled up so many at a time. */
const IN_BULK = 65_536;
const IN_QUARTER = Math.round(900_000 / APART);
const REVISION = '0000000000000001-00000000';

/** The n-th decision, from 0: the check of a customer at random, with ids that cannot be guessed from another. */
export function decisionAt(n: number, begin: Instant): DecisionRecord {
  const random = hash('sha256', String(n), 'hex');
  const expected = EXPECTED[n % EXPECTED.length];
  if (!expected) throw new RangeError('there are features');
  const { feature, allowed, code, value, limit, used } = expected;
  const customerId = customerName(customerOf(n));
  const at = instant(begin + Math.floor(n * APART));
  const count = used === null ? null : used + (n % 97);
  return {
    operation: 'check',
    input: { customerId, feature, quantity: 1, memberId: null, context: null, productVersion: null },
    actor: { kind: 'API_KEY', id: 'key_01j9zq', name: 'backend' },
    requestId: uuidOf(random.slice(32)),
    at,
    decision: {
      ...{ id: decisionId(n, random), allowed, code, message: `${feature}: ${code}`, customerId, feature },
      ...{ value, limit, unlimited: false, used: count, reserved: count === null ? null : 0 },
      remaining: limit === null || count === null ? null : limit - count,
      ...{ resetsAt: null, validUntil: instant(begin + 30 * 86_400_000), release: 1, revision: REVISION },
      sources: [{ kind: 'SUBSCRIPTION', id: `sub_${customerId}`, key: 'business' }],
      ...{ asOf: at, stale: false },
    },
  };
}

/** From 1. */
export function customerOf(n: number): number {
  return ((Math.imul(n ^ (n >>> 7), 2_654_435_761) >>> 0) % CUSTOMERS) + 1;
}

export function decisionId(n: number, random = hash('sha256', String(n), 'hex')): string {
  return `dec_${uuidOf(random)}`;
}

function uuidOf(hex: string): string {
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return parts.join('-');
}

/**
 * A day of decisions, recorded and rolled up by what does so in production. The last quarter of an hour is rolled up every ten
 * seconds, as a worker does; what is older in bulk; what came in the last ten seconds is left, as it is found at any time.
 */
export async function recordDecisions(
  { db, caller }: BenchTenant,
  count: number,
  begin: Instant,
  told: (records: number) => void,
): Promise<void> {
  const recorders = [
    new DecisionRecorder(db.recorder, { mode: 'async' }),
    // It waits for less, where nothing more will come.
    new DecisionRecorder(db.recorder, { mode: 'strict' }),
  ] as const;
  let next = 0;
  const record = async (most: number, recorder: DecisionRecorder = recorders[0]): Promise<void> => {
    for (const end = Math.min(count, next + most); next < end; next += 1)
      void recorder.record(caller.tenantId, decisionAt(next, begin));
    await recorder.settled();
  };
  const rollUp = async (): Promise<void> => {
    while ((await rollUpDecisions(db, caller.tenantId))?.more === true);
  };
  const bulk = Math.max(0, count - IN_QUARTER);
  while (next < bulk) {
    await record(Math.min(IN_BULK, bulk - next));
    await rollUp();
    told(next);
  }
  while (next < count - IN_ROLL_UP) {
    await record(Math.min(IN_ROLL_UP, count - IN_ROLL_UP - next));
    await rollUp();
  }
  while (next < count) await record(IN_FLUSH, recorders[1]);
  let recorded = 0;
  for (const recorder of recorders) {
    await recorder.close();
    recorded += recorder.counts.recorded;
  }
  if (recorded !== count) throw new Error(`${String(recorded)} of ${String(count)} decisions are on record`);
}

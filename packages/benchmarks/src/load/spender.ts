/** Calls the storage layer as a gateway does, without HTTP: many callers at once, each waiting for its answer. */
import 'reflect-metadata';
import {
  type Caller,
  openDatabase,
  reservationOf,
  type ReserveRequest,
  type Result,
  seatRequest,
  SpendQueue,
  type SpendRequest,
  usageEventKey,
  type Verdict,
} from '@licet/database';
import { instant, parseCustomerId, parseDuration, parseFeatureKey, parseMemberId } from '@licet/domain';
import { announce, answerParent } from '../processes/answers.js';
import { SEATS, UNITS } from '../seed/catalog.js';
import { customerName, known, MASTER_KEY } from '../seed/tenant.js';
import { isSpendOrder, RECORDS_IN_LIST, type SpendOrder, type SpendReport, type SpendWork } from './spend.js';
import { randomFrom } from './workload.js';

/** By database. Opened once and kept, as a gateway does: what it remembers of customers is warm like pgbench's pages. */
const queues = new Map<string, Promise<SpendQueue>>();

async function queueOf(url: string): Promise<SpendQueue> {
  const open = async (): Promise<SpendQueue> =>
    new SpendQueue(await openDatabase({ url, masterKey: MASTER_KEY, applicationName: 'licet-spender' }));
  const queue = queues.get(url) ?? open();
  queues.set(url, queue);
  return queue;
}

/** One turn of one caller. */
interface Turn {
  readonly queue: SpendQueue;
  readonly caller: Caller;
  /** Whose turn it is. */
  readonly member: string;
  /** No other turn has it. */
  readonly name: string;
  /** Another customer's each time it is called. */
  readonly nextCustomer: () => string;
  /** 1 to 3. */
  readonly nextQuantity: () => number;
}
type Done = Pick<SpendReport, 'done' | 'units'>;

const WORKS: Readonly<Record<SpendWork, (turn: Turn) => Promise<Done>>> = {
  consume,
  pairs,
  records,
  renewals,
};

async function consume({ queue, caller, name, nextCustomer }: Turn): Promise<Done> {
  const customerId = nextCustomer();
  const asked = { customerId, feature: UNITS, quantity: 1, idempotencyKey: name };
  requireGrant(await queue.submit(caller, { kind: 'consume', ...asked }), customerId, 1);
  return { done: 1, units: 1 };
}

const FEATURE = known(parseFeatureKey(UNITS));
const AN_HOUR = known(parseDuration('PT1H'));

/** Finds the reservation by its id, as the gateway does for its commit. */
async function pairs({ queue, caller, name, nextCustomer, nextQuantity }: Turn): Promise<Done> {
  const customerId = known(parseCustomerId(nextCustomer()));
  const quantity = nextQuantity();
  const asked = { customerId, feature: UNITS, quantity, ttl: AN_HOUR, idempotencyKey: name };
  const request: ReserveRequest = { kind: 'reserve', ...asked, context: null };
  const granted = requireGrant(await queue.submit(caller, request), customerId, 0);
  const { id } = reservationOf(request, { customerId, feature: FEATURE }, granted);
  const made = await queue.reservations.find(caller.tenantId, id);
  if (made?.quantity !== quantity) throw new Error(`a wrong reservation: ${JSON.stringify(made)}`);
  const settled = { customerId: made.customerId, feature: made.feature, quantity, idempotencyKey: id };
  requireGrant(await queue.submit(caller, { kind: 'commit', ...settled }), customerId, quantity);
  return { done: 1, units: quantity };
}

/** Used just now, as whoever sends lists of events has it: the time stands in each. */
async function records({ queue, caller, name, nextCustomer, nextQuantity }: Turn): Promise<Done> {
  const at = instant(Date.now());
  const list = Array.from({ length: RECORDS_IN_LIST }, (_, place): SpendRequest => {
    const idempotencyKey = usageEventKey('urn:licet:bench', `${name} ${String(place)}`);
    const asked = { customerId: nextCustomer(), feature: UNITS, quantity: nextQuantity(), idempotencyKey };
    return { kind: 'record', ...asked, at };
  });
  const verdicts = await queue.submitAll(caller, list);
  if (verdicts.length !== list.length) throw new Error(`${String(verdicts.length)} verdicts for a list`);
  let units = 0;
  list.forEach(({ customerId, quantity }, place) => {
    const verdict = verdicts[place];
    if (verdict === undefined || verdict instanceof Error) throw verdict ?? new Error('a verdict is missing');
    requireGrant(verdict, customerId, quantity);
    units += quantity;
  });
  return { done: list.length, units };
}

/** The first time a seat is taken, from then on it is renewed. */
async function renewals({ queue, caller, member, nextCustomer }: Turn): Promise<Done> {
  const asked = { kind: 'lease', feature: SEATS, memberId: known(parseMemberId(member)), ttl: null } as const;
  const verdict = await queue.submit(caller, seatRequest(nextCustomer(), asked));
  const isRight = verdict.ok && verdict.decision.allowed && verdict.seat?.memberId === member;
  if (!isRight) throw new Error(`a wrong verdict: ${JSON.stringify(verdict)}`);
  return { done: 1, units: 0 };
}

function requireGrant(verdict: Result<Verdict>, customerId: string, consumed: number): Verdict {
  const isRight =
    verdict.ok &&
    verdict.consumed === consumed &&
    !verdict.replayed &&
    verdict.decision.allowed &&
    verdict.decision.customerId === customerId &&
    verdict.decision.feature === UNITS;
  if (isRight) return verdict;
  throw new Error(`a wrong verdict: ${JSON.stringify(verdict)}`);
}

async function run(order: SpendOrder): Promise<SpendReport> {
  const queue = await queueOf(order.url);
  const actor = { kind: 'SYSTEM', id: 'spender', name: null } as const;
  const caller: Caller = { tenantId: order.tenantId, actor, requestId: null };
  const work = WORKS[order.work];
  const random = randomFrom(order.seed);
  const draws = {
    nextCustomer: () => customerName(1 + Math.floor(random() * order.counters)),
    nextQuantity: () => 1 + Math.floor(random() * 3),
  };
  const until = performance.now() + order.seconds * 1000;
  let [done, units] = [0, 0];
  const call = async (number: number): Promise<void> => {
    for (let turn = 0; turn === 0 || performance.now() < until; turn += 1) {
      const name = `${String(order.seed)} ${String(number)} ${String(turn)}`;
      const did = await work({ queue, caller, name, member: `member-${String(number)}`, ...draws });
      done += did.done;
      units += did.units;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: order.callers }, (_, number) => call(number)));
  return { done, units, seconds: (performance.now() - began) / 1000 };
}

answerParent({
  spend(input) {
    if (!isSpendOrder(input)) throw new TypeError('this is no order');
    return run(input);
  },
});
announce();

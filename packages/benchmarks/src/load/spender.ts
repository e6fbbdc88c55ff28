/** Calls the storage layer as a gateway does, without HTTP: many callers at once, each with one unit to spend. */
import 'reflect-metadata';
import { type Caller, openDatabase, type Result, SpendQueue, type Verdict } from '@licet/database';
import { announce, answerParent } from '../processes/answers.js';
import { UNITS } from '../seed/catalog.js';
import { customerName, MASTER_KEY } from '../seed/tenant.js';
import { isSpendOrder, type SpendOrder, type SpendReport } from './spend.js';
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

async function run(order: SpendOrder): Promise<SpendReport> {
  const queue = await queueOf(order.url);
  const actor = { kind: 'SYSTEM', id: 'spender', name: null } as const;
  const caller: Caller = { tenantId: order.tenantId, actor, requestId: null };
  const random = randomFrom(order.seed);
  const until = performance.now() + order.seconds * 1000;
  let granted = 0;
  const call = async (number: number): Promise<void> => {
    for (let turn = 0; turn === 0 || performance.now() < until; turn += 1) {
      const customerId = customerName(1 + Math.floor(random() * order.counters));
      const idempotencyKey = `${String(order.seed)} ${String(number)} ${String(turn)}`;
      const verdict = await queue.submit(caller, {
        kind: 'consume',
        customerId,
        feature: UNITS,
        quantity: 1,
        idempotencyKey,
      });
      if (!isGranted(verdict, customerId)) throw new Error(`a wrong verdict: ${JSON.stringify(verdict)}`);
      granted += 1;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: order.callers }, (_, number) => call(number)));
  return { granted, seconds: (performance.now() - began) / 1000 };
}

function isGranted(verdict: Result<Verdict>, customerId: string): boolean {
  return (
    verdict.ok &&
    verdict.consumed === 1 &&
    !verdict.replayed &&
    verdict.decision.allowed &&
    verdict.decision.customerId === customerId &&
    verdict.decision.feature === UNITS
  );
}

answerParent({
  spend(input) {
    if (!isSpendOrder(input)) throw new TypeError('this is no order');
    return run(input);
  },
});
announce();

/** Changes customers' plans to and fro, as any process does that is not the gateway whose subscribers hear of it. */
import 'reflect-metadata';
import { type Caller, type Database, executeCommand, openDatabase } from '@licet/database';
import { parseCustomerId, parsePlanKey, parseSubscriptionId, parseTenantId } from '@licet/domain';
import { announce, answerParent } from '../processes/answers.js';
import { PLAN } from '../seed/catalog.js';
import { customerName, known, MASTER_KEY, subscriptionName } from '../seed/tenant.js';
import { type ChangeOrder, type Made, machineClock, parseChangeOrder } from './live.js';
import { atPace } from './pace.js';

/** Which of the two plans each customer is on now. */
const onStarter = new Set<number>();
let turn = 0;

/** By its URL. Opened once and kept, as by any process that has been running: its connections have their statements planned. */
const databases = new Map<string, Promise<Database>>();

async function databaseAt(url: string): Promise<Database> {
  const known = databases.get(url);
  if (known) return known;
  const opening = openDatabase({ url, masterKey: MASTER_KEY, applicationName: 'licet-changer' });
  databases.set(url, opening);
  const db = await opening;
  // The first statements of a connection are prepared: that is no part of a change.
  await Promise.all(Array.from({ length: 10 }, () => db.ready()));
  return db;
}

async function change(order: ChangeOrder): Promise<Made> {
  const db = await databaseAt(order.url);
  const actor = { kind: 'SYSTEM', id: 'changer', name: null } as const;
  const caller: Caller = { tenantId: known(parseTenantId(order.tenantId)), actor, requestId: null };
  return atPace(order.perSecond, order.seconds, (index) =>
    changePlan(db, caller, 1 + (turn++ % order.customers), `change ${String(order.run)} ${String(index)}`),
  );
}

async function changePlan(
  db: Database,
  caller: Caller,
  customer: number,
  idempotencyKey: string,
): Promise<Made[number]> {
  const plan = onStarter.delete(customer) ? PLAN : 'starter';
  if (plan === 'starter') onStarter.add(customer);
  const calledAt = machineClock();
  const result = await executeCommand(db, caller, {
    command: {
      kind: 'changePlan',
      subscriptionId: known(parseSubscriptionId(subscriptionName(customer))),
      plan: known(parsePlanKey(plan)),
      from: null,
      addOns: null,
      quantities: null,
      timing: 'NOW',
      at: null,
    },
    customerId: known(parseCustomerId(customerName(customer))),
    idempotencyKey,
    reason: null,
  });
  const committedAt = machineClock();
  if (!result.ok) throw new Error(result.message);
  return { id: result.revision, calledAt, committedAt };
}

answerParent({ change: (input) => change(parseChangeOrder(input)) });
announce();

import {
  applyDue,
  canonicalJson,
  changeTimeZone,
  type CustomerId,
  type Instant,
  instant,
  parseCustomerId,
  type Release,
  type TimeZone,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import {
  type Statement,
  type Transaction,
  type Writes,
  writeTransaction,
} from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import { currentRevision } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { timeZoneInForce } from '../mapping/account.js';
import { loadAccounts, lockCustomers, type StoredAccount } from '../repositories/accounts.js';
import type { Customer } from '../repositories/customers.js';
import { accountEvents, accountStatements, lockMetersOf, TIME } from '../repositories/write-accounts.js';
import { refused, type Result } from '../result.js';
import { readTimeZone } from './read-time-zone.js';

/** An omitted field leaves things as they are; null clears. */
export interface UpsertCustomer {
  readonly id: string;
  readonly name?: string | null;
  /** Replaces all of them. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Null: the tenant's. */
  readonly timeZone?: string | null;
}

type Upserted = { readonly customer: Customer; readonly revision: Revision };

/** Creates a customer or changes what is given. Asking for what already is so makes no event. */
export async function upsertCustomer(
  db: Database,
  caller: Caller,
  input: UpsertCustomer,
): Promise<Result<Upserted>> {
  const id = parseCustomerId(input.id);
  if (id === null) {
    return refused('BAD_USER_INPUT', 'id', 'a customer id has 1 to 255 characters and no control characters');
  }
  const timeZone = typeof input.timeZone === 'string' ? readTimeZone(input.timeZone) : input.timeZone;
  if (typeof timeZone === 'object' && timeZone !== null) return timeZone;
  const { value: customer, revision } = await writeTransaction(db, caller.tenantId, async (transaction) => {
    const created = await createIfMissing(transaction, id);
    const { clock } = await lockCustomers(transaction, [id]);
    await transaction.query(lockMetersOf(caller.tenantId, [id]));
    const { release, accounts } = await loadAccounts(db, transaction, [id]);
    const stored = accounts.get(id);
    if (!stored) throw new Error('a locked customer is there');
    return upserted({ caller, input, timeZone, created, stored, release, clock });
  });
  return { ok: true, customer, revision: revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function createIfMissing(transaction: Transaction, id: CustomerId): Promise<boolean> {
  const rows = await transaction.query<{ id: string }>({
    name: 'create-customer',
    text: `insert into customer (tenant_id, id, created_at) values ($1, $2, date_trunc('milliseconds', clock_timestamp()))
           on conflict (tenant_id, id) do nothing returning id`,
    values: [transaction.tenantId, id],
  });
  return rows.length > 0;
}

interface Upserting {
  readonly caller: Caller;
  readonly input: UpsertCustomer;
  /** Undefined: as it is. */
  readonly timeZone: TimeZone | null | undefined;
  readonly created: boolean;
  readonly stored: StoredAccount;
  readonly release: Release;
  readonly clock: Instant;
}

function upserted({
  caller,
  input,
  timeZone: asked,
  created,
  stored,
  release,
  clock,
}: Upserting): Writes<Customer> {
  const { row } = stored;
  const next = {
    name: input.name === undefined ? row.name : input.name,
    attributes: input.attributes ?? row.attributes,
    time_zone: asked === undefined ? row.time_zone : asked,
  };
  const timeZone = timeZoneInForce(next, release);
  const customer: Customer = {
    id: row.id,
    subject: row.subject,
    name: next.name,
    attributes: next.attributes,
    timeZone,
    createdAt: instant(row.created_at.getTime()),
  };
  const before = { name: row.name, attributes: row.attributes, timeZone: row.time_zone };
  const after = { name: next.name, attributes: next.attributes, timeZone: next.time_zone };
  // The database gives the keys of an object back in an order of its own.
  if (!created && canonicalJson(before) === canonicalJson(after))
    return { value: customer, statements: [], events: [] };
  const due = applyDue(stored.account, release, clock);
  const moved = changeTimeZone(due.account, release, timeZone, clock);
  const profile = { ...moved.profile, name: next.name, attributes: next.attributes };
  const update = { before: stored, after: { ...moved, profile }, events: [...stored.overdue, ...due.events] };
  const by = { actor: caller.actor, reason: null, requestId: caller.requestId };
  return {
    value: customer,
    statements: [
      profileStatement(caller, row.id, next),
      ...accountStatements(caller.tenantId, [update], release, clock),
    ],
    events: [
      ...accountEvents(update, { ...by, actor: TIME }, clock),
      customerEvent(
        stored,
        created ? 'customer.created' : 'customer.updated',
        { ...by, clock },
        {
          before: created ? null : before,
          after,
        },
      ),
    ],
  };
}

function customerEvent(
  stored: StoredAccount,
  type: string,
  by: Pick<NewEvent, 'actor' | 'reason' | 'requestId'> & { clock: Instant },
  data: NewEvent['data'],
): NewEvent {
  const { clock, ...rest } = by;
  return {
    ...rest,
    type,
    subjectType: 'customer',
    subjectId: stored.row.id,
    customer: { id: stored.row.id, subject: stored.row.subject },
    at: clock,
    recordedAt: clock,
    data,
    listed: true,
  };
}

function profileStatement(
  caller: Caller,
  id: CustomerId,
  next: { name: string | null; attributes: Readonly<Record<string, unknown>>; time_zone: string | null },
): Statement {
  return {
    name: 'update-profile',
    text: 'update customer set name = $3, attributes = $4, time_zone = $5 where tenant_id = $1 and id = $2',
    values: [caller.tenantId, id, next.name, JSON.stringify(next.attributes), next.time_zone],
  };
}

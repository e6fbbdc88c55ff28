import {
  applyDue,
  type CustomerAccount,
  executeMachine,
  type Instant,
  type LicenseId,
  type MachineCommand,
  type Release,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import { newestEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { type Beating, loadAccounts, lockCustomers, type StoredAccount } from '../repositories/accounts.js';
import { licenseOwner } from '../repositories/licenses.js';
import {
  accountEvents,
  accountStatements,
  changeAfterDue,
  lockMetersOf,
  TIME,
} from '../repositories/write-accounts.js';
import { refused, type Refused, type Result } from '../result.js';
import type { MachineDecided, MachineResult } from './execute-machine.js';

export type Heartbeat = Extract<MachineCommand, { kind: 'heartbeatMachine' }>;

interface Asked {
  readonly caller: Caller;
  readonly command: Heartbeat;
}

interface Waiting extends Asked {
  readonly answer: (result: Result<MachineResult>) => void;
  readonly fail: (error: unknown) => void;
}

/** What one transaction writes at most: the customer's other commands wait for it. */
const MOST_IN_BATCH = 200;

/** Of each licence that a transaction is on its way for: the heartbeats that came meanwhile. */
const WAITING = new WeakMap<Database, Map<string, Waiting[]>>();

/**
 * A heartbeat of a licence's machine. Those of one licence that come to this process while others are written are the next
 * transaction, in the order in which they came: each has its own decision and events, and one lock is waited for by all.
 */
export function heartbeat(db: Database, caller: Caller, command: Heartbeat): Promise<Result<MachineResult>> {
  const licenses = WAITING.get(db) ?? new Map<string, Waiting[]>();
  WAITING.set(db, licenses);
  const of = `${caller.tenantId} ${command.licenseId}`;
  return new Promise((answer, fail) => {
    const waiting = licenses.get(of);
    const one = { caller, command, answer, fail };
    if (waiting !== undefined) {
      waiting.push(one);
      return;
    }
    licenses.set(of, [one]);
    void writeAll(db, licenses, of);
  });
}

async function writeAll(db: Database, licenses: Map<string, Waiting[]>, of: string): Promise<void> {
  for (;;) {
    const batch = licenses.get(of)?.splice(0, MOST_IN_BATCH) ?? [];
    const [first] = batch;
    if (first === undefined) break;
    try {
      const results = await write(db, first.caller.tenantId, first.command.licenseId, batch);
      batch.forEach(({ answer }, index) => {
        const result = results[index];
        if (result !== undefined) answer(result);
      });
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }
  licenses.delete(of);
}

/** One transaction under the customer's lock; the answers in the order of the list. */
async function write(
  db: Database,
  tenantId: TenantId,
  licenseId: LicenseId,
  asked: readonly Asked[],
): Promise<Result<MachineResult>[]> {
  const { value, revision: committed } = await writeTransaction(db, tenantId, (transaction) =>
    work(db, transaction, licenseId, asked),
  );
  const revision = committed ?? value.newest;
  return value.outcomes.map((outcome) => {
    if (!outcome.ok) return outcome;
    if (revision === null) throw new Error('what is answered has a revision');
    return { ...outcome, revision };
  });
}

type Outcome = Refused | ({ readonly ok: true } & MachineDecided);

interface Decided {
  readonly outcomes: readonly Outcome[];
  /** Null: that of the commit. */
  readonly newest: Revision | null;
}

async function work(
  db: Database,
  transaction: Transaction,
  licenseId: LicenseId,
  asked: readonly Asked[],
): Promise<Writes<Decided>> {
  const customerId = await licenseOwner(transaction, licenseId);
  if (customerId === null) {
    const unknown = refused('NOT_FOUND', 'licenseId', `there is no licence \`${licenseId}\``);
    return { value: { outcomes: asked.map(() => unknown), newest: null }, statements: [], events: [] };
  }
  const { clock } = await lockCustomers(transaction, [customerId]);
  await transaction.query(lockMetersOf(transaction.tenantId, [customerId]));
  const wanted = { named: { license: licenseId }, beating: beatingOf(asked, clock) };
  const { release, accounts } = await loadAccounts(db, transaction, [customerId], wanted);
  const stored = accounts.get(customerId);
  if (!stored) throw new Error('the customer of a licence is there');
  const { account, events, entries, outcomes } = decideAll(stored, release, asked, clock);
  const newest = entries.length === 0 ? await newestEntry(transaction) : null;
  const update = { before: stored, after: account, events };
  return {
    value: { outcomes, newest: newest?.revision ?? null },
    statements:
      account === stored.written ? [] : accountStatements(transaction.tenantId, [update], release, clock),
    events: entries,
  };
}

function beatingOf(asked: readonly Asked[], clock: Instant): Beating {
  const names = asked.map(({ command }) => command.machine);
  return {
    ids: names.flatMap((name) => ('id' in name ? [name.id] : [])),
    fingerprints: names.flatMap((name) => ('id' in name ? [] : [name.fingerprint])),
    clock,
  };
}

/** What is due, then each on what the ones before it have left. */
function decideAll(stored: StoredAccount, release: Release, asked: readonly Asked[], clock: Instant) {
  const due = applyDue(stored.account, release, clock);
  const idle = { actor: TIME, reason: null, requestId: asked[0]?.caller.requestId ?? null };
  const passed = changeAfterDue(stored, due, { account: due.account, events: [] }, idle, clock);
  const events = [...passed.update.events];
  const entries: NewEvent[] = [...passed.events];
  const outcomes: Outcome[] = [];
  let account: CustomerAccount = due.account;
  for (const { caller, command } of asked) {
    const outcome = executeMachine(account, command, clock);
    if (!outcome.ok) {
      outcomes.push({ ok: false, ...outcome.refusal });
      continue;
    }
    const { decision, machine } = outcome;
    const by = { actor: caller.actor, reason: null, requestId: caller.requestId };
    account = outcome.account;
    events.push(...outcome.events);
    entries.push(...accountEvents({ before: stored, after: account, events: outcome.events }, by, clock));
    outcomes.push({ ok: true, decision, machine, release: release.number, asOf: clock });
  }
  return { account, events, entries, outcomes };
}

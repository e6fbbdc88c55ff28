import {
  type Answered,
  askedReads,
  type CheckRequest,
  type CustomerId,
  findFeature,
  type Release,
  type TenantId,
  turnedBy,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { readHead } from '../event-log/head.js';
import type { StoredEvent } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { loadAccounts, type StoredAccount } from '../repositories/accounts.js';
import { lookUp } from './look-up.js';
import { isTouchedAfter, pastEvents } from './past-events.js';
import { undoable } from './undo.js';

/** Answers that a customer is given. */
export interface AnswersNow {
  readonly customerId: CustomerId;
  readonly answers: readonly AnswerNow[];
  /** Whether another limit is another answer, too. */
  readonly withLimit: boolean;
}

export interface AnswerNow {
  readonly request: CheckRequest;
  readonly decision: Answered['decision'];
}

/** An event, and by which name the log tells of the customer. */
export interface TurningEvent {
  readonly event: StoredEvent;
  readonly subject: string;
}

/**
 * For each answer the event after which it became what it is; null: it cannot be told from what the log holds, or not
 * from the events that are looked at. See `turnedBy`.
 */
export function answersSince(
  db: Database,
  tenantId: TenantId,
  asked: AnswersNow,
): Promise<(TurningEvent | null)[]> {
  return readTransaction(db, tenantId, (transaction) => since(db, transaction, asked));
}

/** As `answersSince`, of answers that something after `after` has turned; all null where that touches nobody's answers. */
export function answersTurnedAfter(
  db: Database,
  tenantId: TenantId,
  asked: AnswersNow & { readonly subject: string; readonly after: Revision },
): Promise<(TurningEvent | null)[]> {
  return readTransaction(db, tenantId, async (transaction) => {
    const touched = await isTouchedAfter(
      transaction,
      { id: asked.customerId, subject: asked.subject },
      asked.after,
    );
    return touched ? since(db, transaction, asked) : asked.answers.map(() => null);
  });
}

async function since(
  db: Database,
  transaction: Transaction,
  { customerId, answers, withLimit }: AnswersNow,
): Promise<(TurningEvent | null)[]> {
  const { rulesVersion, clock } = await readHead(transaction);
  const { release, accounts } = await loadAccounts(db, transaction, [customerId], {
    live: Promise.resolve(rulesVersion),
  });
  const stored = accounts.get(customerId);
  if (stored === undefined) return answers.map(() => null);
  const counted = answers.map(({ request }) => countsUsage(stored, release, request.feature));
  const { events } = await pastEvents(transaction, stored.row, counted.includes(true));
  const lookup = await lookUp(db, transaction, stored, release, events);
  const undo = undoable(events, lookup);
  const past = [...lookup.releases.values()];
  return answers.map(({ request, decision }, index) => {
    // A release that counted where this one does not would need the usage, too; what is gone no usage has turned.
    const needsUsage = isKnown(release, request.feature) && counted[index] !== true;
    if (needsUsage && past.some((former) => countsUsage(stored, former, request.feature))) return null;
    const place = turnedBy(
      { account: stored.written, release, request, decision, withLimit, now: clock },
      undo,
    );
    const event = place === null ? undefined : events[place];
    return event === undefined ? null : { event, subject: stored.row.subject };
  });
}

function isKnown(release: Release, text: string): boolean {
  return findFeature(release, text) !== null;
}

/** Whether the answer may depend on a counter. */
function countsUsage({ written }: StoredAccount, release: Release, text: string): boolean {
  const feature = findFeature(release, text);
  if (feature === null) return false;
  const reads = askedReads(written, release, feature.key);
  return feature.type === 'METERED' || feature.type === 'LIMIT' || (reads !== null && reads.usage.size > 0);
}

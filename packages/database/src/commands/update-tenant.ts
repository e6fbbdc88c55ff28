import type { Instant, IsoDuration, Release, TimeZone } from '@licet/domain';
import { retentionRefusal } from '../decision-log/retention.js';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Writes, writeTransaction } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import { currentRevision } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { publishedRelease, rulesVersion } from '../repositories/releases.js';
import { readTenant, type Tenant } from '../repositories/tenants.js';
import type { Result } from '../result.js';
import { publicationStatements } from './publication.js';
import { readTimeZone } from './read-time-zone.js';
import { lockReleases } from './release-changes.js';

/** An omitted field leaves things as they are. */
export interface UpdateTenant {
  readonly name?: string;
  /** IANA. */
  readonly timeZone?: string;
  /** How long decisions are kept. */
  readonly decisionRetention?: IsoDuration;
}

type Updated = { readonly tenant: Tenant; readonly revision: Revision };

/**
 * Changes what is given. Another time zone moves the customers who name none, where the catalog names none either: it
 * counts from this instant in every decision, and the worker writes it down. BAD_USER_INPUT for a zone that is none, or a
 * retention that is too short or too long; asking for what already is so makes no event.
 */
export async function updateTenant(
  db: Database,
  caller: Caller,
  input: UpdateTenant,
): Promise<Result<Updated>> {
  const timeZone = input.timeZone === undefined ? undefined : readTimeZone(input.timeZone);
  if (typeof timeZone === 'object') return timeZone;
  const refusal = input.decisionRetention === undefined ? null : retentionRefusal(input.decisionRetention);
  if (refusal) return refusal;
  const { value: tenant, revision } = await writeTransaction(db, caller.tenantId, async (transaction) => {
    await lockReleases(transaction);
    const before = await readTenant(transaction);
    const after = {
      ...before,
      name: input.name ?? before.name,
      timeZone: timeZone ?? before.timeZone,
      decisionRetention: input.decisionRetention ?? before.decisionRetention,
    };
    if (JSON.stringify(toldOf(after)) === JSON.stringify(toldOf(before)))
      return { value: before, statements: [], events: [] };
    const live = await publishedRelease(db, transaction, await rulesVersion(transaction));
    return updated({ caller, before, after, live, clock: await readClock(transaction) });
  });
  return { ok: true, tenant, revision: revision ?? (await currentRevision(db, caller.tenantId)) };
}

interface Updating {
  readonly caller: Caller;
  readonly before: Tenant;
  readonly after: Tenant;
  readonly live: Release;
  readonly clock: Instant;
}

function updated({ caller, before, after, live, clock }: Updating): Writes<Tenant> {
  const moved = after.timeZone === before.timeZone ? null : inTimeZone(live, after.timeZone, clock);
  return {
    value: after,
    statements: [
      {
        name: 'update-tenant',
        text: 'update tenant set name = $2, time_zone = $3, decision_retention = $4 where tenant_id = $1',
        values: [caller.tenantId, after.name, after.timeZone, after.decisionRetention],
      },
      ...(moved === null ? [] : publicationStatements(caller, live, moved)),
    ],
    events: [tenantEvent(caller, { before, after, release: moved ?? live, clock })],
  };
}

/** The live release once more. What a rollback has moved back stays so, and it moves nothing further. */
function inTimeZone(live: Release, timeZone: TimeZone, at: Instant): Release {
  const { version, undoesAfter } = live.publication;
  return {
    ...live,
    publication: {
      version: version + 1,
      at,
      undoesAfter: undoesAfter === null ? null : version,
      timeZone,
    },
  };
}

interface Told {
  readonly before: Tenant;
  readonly after: Tenant;
  /** What decides from this event on. */
  readonly release: Release;
  readonly clock: Instant;
}

function tenantEvent(caller: Caller, { before, after, release, clock }: Told): NewEvent {
  const { version: rulesVersion } = release.publication;
  return {
    type: 'tenant.updated',
    subjectType: 'tenant',
    subjectId: caller.tenantId,
    customer: null,
    actor: caller.actor,
    reason: null,
    requestId: caller.requestId,
    at: clock,
    recordedAt: clock,
    data: {
      before: toldOf(before),
      after: { ...toldOf(after), rulesVersion },
    },
    listed: true,
  };
}

/** What can be changed. */
function toldOf({ name, timeZone, decisionRetention }: Tenant) {
  return { name, timeZone, decisionRetention };
}

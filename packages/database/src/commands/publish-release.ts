import { formatInstant, type Instant, type ParsedCatalog, type Release } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import {
  type Statement,
  type Transaction,
  type Writes,
  writeTransaction,
} from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import { currentRevision } from '../event-log/read.js';
import { soldAddOns, soldPlans, type VersionNumbers } from '../repositories/releases.js';
import { publicationStatements } from './publication.js';
import { releaseOf, type StoredRelease } from '../repositories/stored-releases.js';
import { refused, type Refused, type Result } from '../result.js';
import {
  candidateRelease,
  type Live,
  lockReleases,
  type Outcome,
  parsedRelease,
  previewOf,
  readLive,
  type ReleaseChange,
  releaseEvent,
  unpublishable,
  unwritten,
} from './release-changes.js';

/**
 * Makes a draft live: one row, one event, and from its instant on it decides on every gateway. CONFLICT where its base
 * is no longer live, or it is no draft; BAD_USER_INPUT where its scenarios fail. Again for what is live: no change.
 */
export async function publishRelease(
  db: Database,
  caller: Caller,
  number: number,
): Promise<Result<ReleaseChange>> {
  return committed(db, caller, (transaction) => publish(db, transaction, caller, number));
}

/**
 * Makes an earlier release live again: `to`, or the base of the live one. Moves that later publications have made are
 * taken back. CONFLICT where it was never live; again for what is live: no change. Without `to` it goes back one step:
 * from a release that is live by a rollback it goes nowhere (see `targetOf`).
 */
export async function rollbackRelease(
  db: Database,
  caller: Caller,
  input: Rollback,
): Promise<Result<ReleaseChange>> {
  return committed(db, caller, (transaction) => rollBack(db, transaction, caller, input));
}

interface Rollback {
  readonly to: number | null;
  readonly reason: string;
}

async function committed(
  db: Database,
  caller: Caller,
  work: (transaction: Transaction) => Promise<Writes<Outcome>>,
): Promise<Result<ReleaseChange>> {
  const { value, revision } = await writeTransaction(db, caller.tenantId, work);
  if (!value.ok) return value;
  const { release, preview } = value;
  return { ok: true, release, preview, revision: revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function publish(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  number: number,
): Promise<Writes<Outcome>> {
  await lockReleases(transaction);
  const live = await readLive(db, transaction);
  const stored = await releaseOf(transaction, number);
  const refusal = refusePublication(live, stored, number);
  if (refusal) return unwritten(refusal);
  if (stored === null) throw new Error('a release that is not there is refused');
  const parsed = parsedRelease(stored);
  if (!('catalog' in parsed)) return unwritten(parsed);
  const at = await readClock(transaction);
  const release =
    stored.status === 'LIVE'
      ? live.release
      : await candidateRelease(transaction, live, parsed, { number, at });
  const preview = await previewOf(db, transaction, live, { parsed, release });
  if (stored.status === 'LIVE') return unwritten({ ok: true, release: stored, preview, replayedAt: null });
  const failure = unpublishable(preview, 'release');
  if (failure) return unwritten(failure);
  const published: StoredRelease = { ...stored, status: 'LIVE', publishedAt: at };
  return {
    value: { ok: true, release: published, preview, replayedAt: null },
    statements: [
      ...newVersions(caller, release),
      ...retirement(caller, live, release, null),
      ...publicationStatements(caller, live.release, release),
    ],
    events: [publicationEvent(caller, { live, release, stored, reason: null })],
  };
}

function refusePublication(live: Live, stored: StoredRelease | null, number: number): Refused | null {
  if (stored === null) return refused('NOT_FOUND', 'release', `there is no release ${String(number)}`);
  switch (stored.status) {
    case 'LIVE':
      return null;
    case 'RETIRED':
      return refused(
        'CONFLICT',
        'release',
        `release ${String(number)} was live before; make it live again by rollbackRelease`,
      );
    case 'REJECTED':
      return refused('CONFLICT', 'release', `release ${String(number)} was withdrawn; draft it anew`);
    case 'DRAFT':
    case 'SHADOW':
    case 'CANARY':
      if (stored.base === live.release.number) return null;
      return refused(
        'CONFLICT',
        'release',
        `release ${String(number)} was drafted on release ${String(stored.base)}, and release ${String(live.release.number)} is live by now; draft it anew`,
      );
  }
}

async function rollBack(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  input: Rollback,
): Promise<Writes<Outcome>> {
  const { reason } = input;
  await lockReleases(transaction);
  const live = await readLive(db, transaction);
  const number = await targetOf(transaction, live, input);
  if (typeof number !== 'number') return unwritten(number);
  const stored = await releaseOf(transaction, number);
  if (stored === null) return unwritten(refused('NOT_FOUND', 'to', `there is no release ${String(number)}`));
  const parsed = parsedRelease(stored);
  if (!('catalog' in parsed)) return unwritten({ ...parsed, field: 'to' });
  if (stored.status === 'LIVE') {
    const preview = await previewOf(db, transaction, live, { parsed, release: live.release });
    return unwritten({ ok: true, release: stored, preview, replayedAt: null });
  }
  if (stored.status !== 'RETIRED') {
    const message = `release ${String(number)} was never live; publish it by publishRelease`;
    return unwritten(refused('CONFLICT', 'to', message));
  }
  const release = await formerRelease(transaction, live, parsed, number);
  const preview = await previewOf(db, transaction, live, { parsed, release });
  return {
    value: {
      ok: true,
      release: { ...stored, status: 'LIVE', reason: null },
      preview,
      replayedAt: null,
    },
    statements: [
      ...retirement(caller, live, release, reason),
      ...publicationStatements(caller, live.release, release),
    ],
    events: [publicationEvent(caller, { live, release, stored, reason })],
  };
}

/**
 * A rollback has no idempotency key, so one without `to` cannot be told from its repetition where the live release is
 * live by a rollback: for the same reason it is taken for that and changes nothing, for another it must name `to`.
 */
async function targetOf(
  transaction: Transaction,
  { release, stored }: Live,
  { to, reason }: Rollback,
): Promise<number | Refused> {
  if (to !== null) return to;
  const { number, publication } = release;
  const isBack = publication.undoesAfter !== null;
  if (isBack && (await reasonOfRollback(transaction, release)) === reason) return number;
  if (stored.base === null) return refused('CONFLICT', 'to', 'the live release is the first one');
  if (!isBack) return stored.base;
  const message = `release ${String(number)} already is live by a rollback; to go back further, name \`to\``;
  return refused('CONFLICT', 'to', message);
}

/** It is kept with the release that the rollback has retired: the one before, whatever zones the tenant has had since. */
async function reasonOfRollback(
  transaction: Transaction,
  { number, publication }: Release,
): Promise<string | null> {
  const [row] = await transaction.query<{ reason: string | null }>({
    name: 'reason-of-rollback',
    text: `select r.reason from publication p join catalog_release r on r.tenant_id = p.tenant_id and r.number = p.release
           where p.tenant_id = $1 and p.version < $2 and p.release <> $3 order by p.version desc limit 1`,
    values: [transaction.tenantId, publication.version, number],
  });
  return row?.reason ?? null;
}

interface FormerRow {
  readonly published: number;
  readonly plans: VersionNumbers;
  readonly add_ons: VersionNumbers;
}

/** A release that was live, as publishing it again makes it. */
async function formerRelease(
  transaction: Transaction,
  live: Live,
  { catalog }: ParsedCatalog,
  number: number,
): Promise<Release> {
  const [row] = await transaction.query<FormerRow>({
    name: 'former-release',
    text: `select (select max(version) from publication where tenant_id = $1 and release = $2) as published,
             (select jsonb_object_agg(plan, version) from release_plan where tenant_id = $1 and release = $2) as plans,
             (select coalesce(jsonb_object_agg(add_on, version), '{}') from release_add_on
              where tenant_id = $1 and release = $2) as add_ons`,
    values: [transaction.tenantId, number],
  });
  if (!row) throw new Error('an aggregate without a row');
  return {
    number,
    publication: {
      version: live.release.publication.version + 1,
      at: await readClock(transaction),
      undoesAfter: row.published,
      timeZone: live.release.publication.timeZone,
    },
    catalog,
    planVersions: soldPlans(catalog, row.plans),
    addOnVersions: soldAddOns(catalog, row.add_ons),
  };
}

/** The versions under which it sells; those that were not there before are made of its document. */
function newVersions({ tenantId }: Caller, { number, planVersions, addOnVersions }: Release): Statement[] {
  const plans = [tenantId, number, ...keysAndVersions(planVersions)];
  const addOns = [tenantId, number, ...keysAndVersions(addOnVersions)];
  return [
    {
      name: 'insert-plan-versions',
      text: `insert into plan_version (tenant_id, plan, version, release)
             select $1, p.plan, p.version, $2 from unnest($3::text[], $4::int[]) as p(plan, version)
             on conflict (tenant_id, plan, version) do nothing`,
      values: plans,
    },
    {
      name: 'insert-release-plans',
      text: `insert into release_plan (tenant_id, release, plan, version)
             select $1, $2, p.plan, p.version from unnest($3::text[], $4::int[]) as p(plan, version)`,
      values: plans,
    },
    {
      name: 'insert-add-on-versions',
      text: `insert into add_on_version (tenant_id, add_on, version, release)
             select $1, a.add_on, a.version, $2 from unnest($3::text[], $4::int[]) as a(add_on, version)
             on conflict (tenant_id, add_on, version) do nothing`,
      values: addOns,
    },
    {
      name: 'insert-release-add-ons',
      text: `insert into release_add_on (tenant_id, release, add_on, version)
             select $1, $2, a.add_on, a.version from unnest($3::text[], $4::int[]) as a(add_on, version)`,
      values: addOns,
    },
  ];
}

function keysAndVersions(
  sold: ReadonlyMap<string, { readonly version: number }>,
): [keys: string[], versions: number[]] {
  return [[...sold.keys()], [...sold.values()].map(({ version }) => version)];
}

/** One is live at a time. */
function retirement({ tenantId }: Caller, live: Live, release: Release, reason: string | null): Statement[] {
  return [
    {
      name: 'retire-release',
      text: `update catalog_release set status = 'RETIRED', reason = $3 where tenant_id = $1 and number = $2`,
      values: [tenantId, live.release.number, reason],
    },
    {
      name: 'enliven-release',
      text: `update catalog_release set status = 'LIVE', reason = null, published_at = coalesce(published_at, $3)
             where tenant_id = $1 and number = $2`,
      values: [tenantId, release.number, formatInstant(release.publication.at)],
    },
  ];
}

interface Published {
  readonly live: Live;
  readonly release: Release;
  readonly stored: StoredRelease;
  readonly reason: string | null;
}

/** Its `after.rulesVersion` is what decides from this event on. */
function publicationEvent(caller: Caller, { live, release, stored, reason }: Published) {
  const at: Instant = release.publication.at;
  return releaseEvent(
    caller,
    {
      type: release.publication.undoesAfter === null ? 'release.published' : 'release.rolled_back',
      number: release.number,
      reason,
      before: {
        number: live.release.number,
        rulesVersion: live.release.publication.version,
        checksum: live.stored.checksum,
      },
      after: {
        number: release.number,
        rulesVersion: release.publication.version,
        checksum: stored.checksum,
      },
    },
    at,
  );
}

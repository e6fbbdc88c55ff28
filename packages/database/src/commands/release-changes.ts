import { createHash } from 'node:crypto';
import {
  addOnVersionsAfter,
  canonicalJson,
  type CatalogPreview,
  countsAs,
  type Instant,
  parseCatalogDocument,
  type ParsedCatalog,
  planVersionsAfter,
  previewRelease,
  type Release,
  type SubscriptionGroup,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction, Writes } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { addOnVersionsOf, type AddOnJson } from '../repositories/add-on-versions.js';
import { planVersionIn } from '../repositories/release-cache.js';
import { catalogsByNumber, mustHave, publishedRelease, rulesVersion } from '../repositories/releases.js';
import { releaseOf, type StoredRelease } from '../repositories/stored-releases.js';
import { refused, type Refused } from '../result.js';

/** What all commands on releases share. */

export interface ReleaseChange {
  readonly release: StoredRelease;
  /** What it changes, or has changed, in what was live before. */
  readonly preview: CatalogPreview;
  readonly revision: Revision;
}

/** What a transaction answers; `replayedAt`: the first answer to an idempotency key, again. */
export type Outcome =
  | Refused
  | {
      readonly ok: true;
      readonly release: StoredRelease;
      readonly preview: CatalogPreview;
      readonly replayedAt: Revision | null;
    };

export function unwritten(value: Outcome): Writes<Outcome> {
  return { value, statements: [], events: [] };
}

/** INVARIANT (one publication after the other): whatever changes releases holds the tenant's row while it decides. */
export async function lockReleases(transaction: Transaction): Promise<void> {
  await transaction.query({
    name: 'lock-releases',
    text: 'select 1 from tenant where tenant_id = $1 for no key update',
    values: [transaction.tenantId],
  });
}

/** SHA-256 of the canonical JSON, in hex. */
export function checksum(document: unknown): string {
  return createHash('sha256').update(canonicalJson(document)).digest('hex');
}

/** What is live, read after the lock. */
export interface Live {
  readonly release: Release;
  readonly stored: StoredRelease;
}

export async function readLive(db: Database, transaction: Transaction): Promise<Live> {
  const release = await publishedRelease(db, transaction, await rulesVersion(transaction));
  const stored = await releaseOf(transaction, release.number);
  if (!stored) throw new Error('the live release is stored');
  return { release, stored };
}

/** The catalog of a release as it was stored. */
export function parsedRelease(stored: StoredRelease): ParsedCatalog | Refused {
  const parsed = parseCatalogDocument(stored.document);
  if (parsed.ok) return parsed;
  const message = `release ${String(stored.number)} is not a catalog that this program reads; draft it anew`;
  return { ...refused('BAD_USER_INPUT', 'release', message), problems: parsed.problems };
}

/** The release as publishing it would make it. */
export async function candidateRelease(
  transaction: Transaction,
  live: Live,
  { catalog }: ParsedCatalog,
  candidate: { readonly number: number; readonly at: Instant },
): Promise<Release> {
  const newest = await newestVersions(transaction);
  return {
    number: candidate.number,
    publication: {
      version: live.release.publication.version + 1,
      at: candidate.at,
      undoesAfter: null,
      timeZone: live.release.publication.timeZone,
    },
    catalog,
    planVersions: planVersionsAfter(catalog, live.release, newest.plans),
    addOnVersions: addOnVersionsAfter(catalog, live.release, newest.addOns),
  };
}

interface NewestVersions {
  readonly plans: ReadonlyMap<string, number>;
  readonly addOns: ReadonlyMap<string, number>;
}

/** The highest number that each plan and add-on ever had. */
async function newestVersions(transaction: Transaction): Promise<NewestVersions> {
  const values = [transaction.tenantId];
  const [plans, addOns] = await Promise.all([
    transaction.query<{ key: string; newest: number }>({
      name: 'newest-plan-versions',
      text: 'select plan as key, max(version) as newest from plan_version where tenant_id = $1 group by plan',
      values,
    }),
    transaction.query<{ key: string; newest: number }>({
      name: 'newest-add-on-versions',
      text: 'select add_on as key, max(version) as newest from add_on_version where tenant_id = $1 group by add_on',
      values,
    }),
  ]);
  const byKey = (rows: typeof plans) => new Map(rows.map((row) => [row.key, row.newest]));
  return { plans: byKey(plans), addOns: byKey(addOns) };
}

/** Compares a candidate with what is live, on what the database holds now. */
export async function previewOf(
  db: Database,
  transaction: Transaction,
  live: Live,
  candidate: { readonly parsed: ParsedCatalog; readonly release: Release },
): Promise<CatalogPreview> {
  const [features, subscriptions] = await Promise.all([
    publishedFeatures(transaction, live.release),
    subscriptionGroups(db, transaction),
  ]);
  return previewRelease(candidate, { document: live.stored.document, features, subscriptions });
}

interface FeatureRow {
  readonly key: string;
  readonly type: string;
  readonly prepaid: boolean;
}

/** What each feature that was ever live counts as: one that was taken out and comes back counts as before. */
async function publishedFeatures(transaction: Transaction, live: Release): Promise<Map<string, string>> {
  const rows = await transaction.query<FeatureRow>({
    name: 'published-features',
    text: `select distinct f.key, upper(f.value ->> 'type') as type, f.value ? 'prepaid' as prepaid
           from catalog_release r cross join lateral jsonb_each(r.document -> 'features') f
           where r.tenant_id = $1 and r.published_at is not null`,
    values: [transaction.tenantId],
  });
  const published = rows.map(({ key, type, prepaid }): [string, string] => [
    key,
    prepaid ? `${type}, prepaid` : type,
  ]);
  return new Map([
    ...published,
    ...[...live.catalog.features.values()].map((one): [string, string] => [one.key, countsAs(one)]),
  ]);
}

interface GroupRow {
  readonly plan: string;
  readonly plan_version: number;
  readonly release: number;
  readonly add_ons: readonly AddOnJson[];
  readonly moved_by: number | null;
  readonly count: number;
}

async function subscriptionGroups(db: Database, transaction: Transaction): Promise<SubscriptionGroup[]> {
  const rows = await transaction.query<GroupRow>({
    name: 'subscription-groups',
    text: `select g.*, v.release from (
             select s.plan, s.plan_version,
               (select coalesce(jsonb_agg(x - 'quantity' order by x ->> 'addOn'), '[]') from jsonb_array_elements(s.add_ons) x) as add_ons,
               (s.moves -> -1 ->> 'publication')::int as moved_by, count(*) as count
             from subscription s where s.tenant_id = $1 and s.ended_at is null
             group by 1, 2, 3, 4) g
           join plan_version v on v.tenant_id = $1 and v.plan = g.plan and v.version = g.plan_version`,
    values: [transaction.tenantId],
  });
  const catalogs = await catalogsByNumber(
    db,
    transaction,
    rows.map((row) => row.release),
  );
  const addOnVersion = await addOnVersionsOf(
    db,
    transaction,
    rows.flatMap((row) => row.add_ons),
  );
  return rows.map((row) => ({
    planVersion: planVersionIn(mustHave(catalogs, row.release), row.plan, row.plan_version),
    addOns: row.add_ons.map(addOnVersion),
    movedBy: row.moved_by,
    count: row.count,
  }));
}

/** Null, or why a release can never be published. */
export function unpublishable({ problems, scenarios }: CatalogPreview, field: string | null): Refused | null {
  const errors = problems.filter(({ severity }) => severity === 'ERROR');
  const [first] = errors;
  if (first) {
    const message = `the catalog has ${String(errors.length)} problem(s), the first at \`${first.path}\`: ${first.message}`;
    return { ...refused('BAD_USER_INPUT', field, message), problems };
  }
  const failing = scenarios.filter(({ passed }) => !passed).map(({ name }) => `\`${name}\``);
  if (failing.length === 0) return null;
  return refused(
    'BAD_USER_INPUT',
    field,
    `what the catalog promises does not hold, so it is not published; failing scenarios: ${failing.join(', ')}`,
  );
}

export interface ReleaseEvent {
  readonly type: 'release.drafted' | 'release.published' | 'release.rolled_back' | 'release.withdrawn';
  readonly number: number;
  readonly reason: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>>;
}

export function releaseEvent(caller: Caller, event: ReleaseEvent, clock: Instant): NewEvent {
  return {
    type: event.type,
    subjectType: 'release',
    subjectId: String(event.number),
    customer: null,
    actor: caller.actor,
    reason: event.reason,
    requestId: caller.requestId,
    at: clock,
    recordedAt: clock,
    data: { before: event.before, after: event.after },
    listed: true,
  };
}

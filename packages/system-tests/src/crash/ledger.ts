import { type Revision, parseRevision, positionOf } from '@licet/database';
import type { RunningSystem } from '../system.js';
import type { Asked, Given } from './clients.js';

/** What must be nothing after a crash: each list names what is wrong, by key, customer or position. */
export interface Findings {
  readonly refused: unknown[];
  readonly spentTwice: string[];
  readonly lostRevisions: string[];
  readonly lostChanges: string[];
  readonly wrongCounters: object[];
  readonly beyondLimit: object[];
  readonly gaps: object[];
  readonly wrongSums: object[];
}

/** Compares what clients were told of these customers with what the database holds. */
export async function audit(
  system: RunningSystem,
  answers: readonly Asked[],
  customers: readonly string[],
): Promise<Findings> {
  return {
    refused: answers.flatMap(({ key, given }) =>
      given.flatMap(({ error }) => (error === undefined ? [] : [{ key, error }])),
    ),
    spentTwice: answers.filter(hasTwoOutcomes).map(({ key }) => key),
    lostRevisions: await lostRevisions(system, answers),
    lostChanges: await lostChanges(system, answers, customers),
    wrongCounters: await wrongCounters(system, customers),
    beyondLimit: await beyondLimit(system, customers),
    gaps: await gaps(system),
    wrongSums: await wrongSums(system, answers, customers),
  };
}

function isGranted({ decision, error, revision }: Given): boolean {
  return error === undefined && revision !== undefined && decision?.allowed !== false;
}

/** A key that was granted once is answered as it was then, ever after. */
function hasTwoOutcomes({ given }: Asked): boolean {
  const granted = given.filter(isGranted);
  return new Set(granted.map(({ consumed, revision }) => `${String(consumed)} ${String(revision)}`)).size > 1;
}

/** Revisions that clients were given, and that the log does not hold, or holds with another hash. */
async function lostRevisions(system: RunningSystem, answers: readonly Asked[]): Promise<string[]> {
  const told = new Set(
    answers.flatMap(({ given }) => given.filter(isGranted).map(({ revision }) => revisionIn(revision))),
  );
  const { rows } = await system.owner.query<{ position: number; tag: string }>(
    `select position::int, encode(substr(leaf_hash, 1, 4), 'hex') as tag from event where position = any($1)`,
    [[...told].map(positionOf)],
  );
  const held = new Map(rows.map(({ position, tag }) => [position, tag]));
  return [...told].filter((revision) => held.get(positionOf(revision)) !== revision.slice(-8));
}

function revisionIn(text: string | undefined): Revision {
  const revision = text === undefined ? null : parseRevision(text);
  if (revision === null) throw new Error(`no revision: ${String(text)}`);
  return revision;
}

/** Each customer's plan moved as its client was told: every change once, in order, at the revision that was answered. */
async function lostChanges(
  system: RunningSystem,
  answers: readonly Asked[],
  customers: readonly string[],
): Promise<string[]> {
  const { rows } = await system.owner.query<{ customer_id: string; position: number; plan: string }>(
    `select customer_id, position::int, convert_from(body, 'UTF8')::jsonb #>> '{data,after,plan}' as plan
     from event where type = 'subscription.plan_changed' and customer_id = any($1) order by position`,
    [customers],
  );
  return customers.filter((customer) => {
    const told = answers.filter(
      ({ kind, input, given }) =>
        kind === 'change' && input.customerId === customer && given.every(({ error }) => error === undefined),
    );
    const expected = told.map(({ input, given }) => `${String(input.plan)} ${String(positionIn(given))}`);
    const held = rows.filter((row) => row.customer_id === customer);
    return JSON.stringify(held.map((row) => `${row.plan} ${row.position}`)) !== JSON.stringify(expected);
  });
}

function positionIn([first]: readonly Given[]): number {
  return positionOf(revisionIn(first?.revision));
}

/** Counters that are not the sum of their operations. */
async function wrongCounters(system: RunningSystem, customers: readonly string[]): Promise<object[]> {
  const { rows } = await system.owner.query<object>(
    `select m.customer_id, m.feature, m.used::int, coalesce(sum(o.quantity), 0)::int as operations
     from meter m left join operation o on o.customer_id = m.customer_id and o.feature = m.feature
     where m.customer_id = any($1) group by m.customer_id, m.feature, m.used
     having m.used <> coalesce(sum(o.quantity), 0)`,
    [customers],
  );
  return rows;
}

/** Operations of these customers that are held, by kind, against those that clients know to be done. */
async function wrongSums(
  system: RunningSystem,
  answers: readonly Asked[],
  customers: readonly string[],
): Promise<object[]> {
  const { rows } = await system.owner.query<{ kind: string; feature: string; done: number; units: number }>(
    `select kind, feature, count(*)::int as done, coalesce(sum(quantity) filter (where quantity > 0), 0)::int as units
     from operation where customer_id = any($1) and feature is not null group by kind, feature`,
    [customers],
  );
  return [
    { kind: 'consume', feature: 'calls' },
    { kind: 'consume', feature: 'projects' },
    { kind: 'release', feature: 'projects' },
  ].flatMap(({ kind, feature }) => {
    const granted = answers
      .filter((asked) => asked.kind === kind && asked.input.feature === feature)
      .flatMap(({ given }) => given.find(isGranted) ?? []);
    const units = granted.reduce((sum, { consumed = 0 }) => sum + consumed, 0);
    const held = rows.find((row) => row.kind === kind && row.feature === feature);
    const same = (held?.done ?? 0) === granted.length && (held?.units ?? 0) === units;
    return same ? [] : [{ kind, feature, told: { done: granted.length, units }, held }];
  });
}

const LIMITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  free: { calls: 10, projects: 3 },
  pro: { calls: 100, projects: 50 },
};

interface Entry {
  readonly position: number;
  readonly subject: string;
  readonly plan: string | null;
  readonly feature: string | null;
  readonly used: number | null;
}

/** Spends that the log, read alone, shows to have passed the limit that held when they were committed. */
async function beyondLimit(system: RunningSystem, customers: readonly string[]): Promise<object[]> {
  const { rows } = await system.owner.query<Entry>(
    `with mine as (select subject::text from customer where id = any($1)),
          entries as (select position::int, convert_from(body, 'UTF8')::jsonb as body from event
                      where type in ('usage.recorded', 'subscription.started', 'subscription.plan_changed'))
     select position, body ->> 'customer' as subject, body #>> '{data,after,plan}' as plan, null as feature, null::int as used
     from entries where body ->> 'customer' in (select subject from mine)
     union all
     select position, m ->> 'subject', null, m ->> 'feature', (m ->> 'used')::int
     from entries, jsonb_array_elements(body #> '{data,meters}') m where m ->> 'subject' in (select subject from mine)
     order by position`,
    [customers],
  );
  const plans = new Map<string, string>();
  const counters = new Map<string, number>();
  const beyond: Entry[] = [];
  for (const entry of rows) {
    const { subject, plan, feature, used } = entry;
    if (plan !== null) plans.set(subject, plan);
    if (feature === null || used === null) continue;
    const counter = `${subject} ${feature}`;
    const limit = LIMITS[plans.get(subject) ?? '']?.[feature] ?? 0;
    if (used > (counters.get(counter) ?? 0) && used > limit) beyond.push(entry);
    counters.set(counter, used);
  }
  return beyond;
}

/** The log's positions are dense from 1. */
async function gaps(system: RunningSystem): Promise<object[]> {
  const { rows } = await system.owner.query<object>(
    `select tenant_id, min(position) as first, max(position) as last, count(*) as entries from event
     group by tenant_id having min(position) <> 1 or max(position) <> count(*)`,
  );
  return rows;
}

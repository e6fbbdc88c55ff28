import { type Account, hasEnded, type ModelEvent } from '../model/account.js';
import { numbersOf } from '../model/bought.js';
import { entitlementOf } from '../model/entitlements.js';
import { windowed } from '../model/features.js';
import { PLANS } from '../model/plans.js';
import { statusOf } from '../model/license-status.js';
import { graceEndOf } from '../model/licenses.js';
import { reachedText } from '../model/thresholds.js';
import { addOnsOf, featureKeys } from '../model/windows.js';
import { ask, record, records } from './gateway.js';
import { FINGERPRINTS } from './actions/machine-actions.js';
import type { Question } from './questions.js';

/** What is compared, by path: texts that a person can read. */
export type Snapshot = ReadonlyMap<string, string>;

const CUSTOMER = `query ($id: ID!, $atLeast: Revision, $checks: [CheckInput!]!) {
checkMany(inputs: $checks) { allowed code }
entitlements(customerId: $id, atLeast: $atLeast) {
  entitlements { feature allowed code limit unlimited used reserved remaining value resetsAt }
} customer(id: $id) {
  timeZone
  subscriptions(ended: true) {
    id status plan { key } addOns { addOn quantity } quantities { feature quantity } startedAt currentPeriodStart
    currentPeriodEnd trialEndsAt graceEndsAt cancelAt pausedAt resumesAt endedAt scheduledChange { plan at }
  }
  licenses(first: 100) { edges { node {
    id status plan { key } quantities { feature quantity } startsAt expiresAt graceEndsAt maintenanceUntil machineLimit
    machines(first: 20) { edges { node { id fingerprint components name activatedAt inUseUntil } } }
  } } }
  seats(first: 100) { edges { node { id feature memberId assignedAt leaseExpiresAt } } }
  grants(ended: true, first: 100) { edges { node { id status startsAt expiresAt } } }
} }`;

const EVENTS = `query ($id: ID!, $after: Cursor) { events(customerId: $id, first: 100, after: $after) {
  edges { cursor node { type subjectId at data revision } } } }`;

/** Whether the gateway knows that its state is current: time that leaps ahead takes that from it for a moment. */
export async function isCurrent(url: string, id: string): Promise<boolean> {
  const { data } = await ask(url, 'query ($id: ID!) { entitlements(customerId: $id) { stale } }', { id });
  return record(record(data)['entitlements'])['stale'] === false;
}

/** `all`: nothing is left to be written, so what is over can be compared. */
export async function realSnapshot(
  url: string,
  id: string,
  atLeast: string | null,
  all: boolean,
  questions: readonly Question[],
): Promise<Snapshot> {
  const checks = questions.map((question) => ({ ...question, customerId: id, atLeast }));
  const { data } = await ask(url, CUSTOMER, { id, atLeast, checks });
  const customer = record(record(data)['customer']);
  const found = new Map<string, string>([['time zone', text(customer['timeZone'])]]);
  for (const one of records(customer['subscriptions'])) {
    const path = `subscription ${text(one['id'])}`;
    const plan = text(record(one['plan'])['key']);
    found.set(`${path} status`, `${text(one['status'])} on ${plan}`);
    found.set(`${path} endedAt`, instant(one['endedAt']));
    if (one['endedAt'] !== null) continue;
    const change = one['scheduledChange'] === null ? null : record(one['scheduledChange']);
    found.set(
      `${path} scheduledChange`,
      change ? `${text(change['plan'])} at ${instant(change['at'])}` : 'none',
    );
    for (const field of DATES) found.set(`${path} ${field}`, instant(one[field]));
    found.set(`${path} addOns`, list(records(one['addOns']).map(Object.values)));
    found.set(`${path} quantities`, list(records(one['quantities']).map(Object.values)));
  }
  records(record(data)['checkMany']).forEach((decision, place) => {
    const question = questions[place];
    if (question) found.set(`check ${JSON.stringify(question)}`, answerText(decision));
  });
  for (const edge of records(record(customer['licenses'])['edges'])) {
    const one = record(edge['node']);
    const path = `license ${text(one['id'])}`;
    found.set(`${path} status`, `${text(one['status'])} on ${text(record(one['plan'])['key'])}`);
    for (const field of LICENSE_DATES) found.set(`${path} ${field}`, instant(one[field]));
    found.set(`${path} machineLimit`, text(one['machineLimit']));
    for (const { node } of records(record(one['machines'])['edges'])) {
      const { id: machine, fingerprint, components, name, activatedAt, inUseUntil } = record(node);
      found.set(
        `machine ${text(machine)}`,
        machineText({
          fingerprint: text(fingerprint),
          components: Array.isArray(components) ? components.length : 0,
          name: text(name),
          activatedAt: instant(activatedAt),
          inUseUntil: instant(inUseUntil),
        }),
      );
    }
    found.set(`${path} quantities`, list(records(one['quantities']).map(Object.values)));
  }
  for (const edge of records(record(customer['seats'])['edges'])) {
    const { id: seat, feature, memberId, assignedAt, leaseExpiresAt } = record(edge['node']);
    const since = `since ${instant(assignedAt)} until ${instant(leaseExpiresAt)}`;
    found.set(`seat ${text(seat)}`, `${text(feature)} of ${text(memberId)} ${since}`);
  }
  for (const { node } of records(record(customer['grants'])['edges']).map(({ node }) => ({
    node: record(node),
  })))
    found.set(`grant ${text(node['id'])}`, text(node['status']));
  for (const one of records(record(record(data)['entitlements'])['entitlements'])) {
    const path = `entitlement ${text(one['feature'])}`;
    const code = text(one['code']);
    found.set(path, `${one['allowed'] === true ? 'allowed' : 'denied'} ${code}`);
    if (one['allowed'] !== true && code !== 'LIMIT_EXCEEDED' && code !== 'NO_SEAT') continue;
    found.set(`${path} limit`, one['unlimited'] === true ? 'unlimited' : text(one['limit']));
    for (const field of COUNTS) found.set(`${path} ${field}`, text(one[field]));
    found.set(`${path} value`, text(one['value']));
    found.set(`${path} resetsAt`, instant(one['resetsAt']));
  }
  if (all) for (const [path, value] of await written(url, id)) found.set(path, value);
  return found;
}

/** Windows that are over, and credit blocks of which something is left. */
async function written(url: string, id: string): Promise<[string, string][]> {
  const features = featureKeys().filter((feature) => windowed(feature) !== null);
  const fields = features
    .map((feature) => `${feature}: usage(feature: "${feature}") { ...windows }`)
    .join(' ');
  const query = `query ($id: ID!) { customer(id: $id) { ${fields}
      creditBlocks(first: 100) { edges { node { id feature quantity remaining priority expiresAt } } } } }
    fragment windows on FeatureUsage { history(first: 100) { start end used } }`;
  const customer = record(record((await ask(url, query, { id })).data)['customer']);
  const blocks = records(record(customer['creditBlocks'])['edges']).map(({ node }): [string, string] => {
    const { id: block, feature, quantity, remaining, priority, expiresAt } = record(node);
    const of = `${text(remaining)} of ${text(quantity)} ${text(feature)}`;
    return [`block ${text(block)}`, `${of}, priority ${text(priority)}, until ${instant(expiresAt)}`];
  });
  const windows = features.flatMap((feature) =>
    records(record(customer[feature])['history']).map(({ start, end, used }): [string, string] => [
      `window ${feature} ${instant(start)} to ${instant(end)}`,
      text(used),
    ]),
  );
  return [...blocks, ...windows];
}

const LICENSE_DATES = ['startsAt', 'expiresAt', 'graceEndsAt', 'maintenanceUntil'] as const;
const COUNTS = ['used', 'reserved', 'remaining'] as const;
const DATES = [
  'startedAt',
  'currentPeriodStart',
  'currentPeriodEnd',
  'trialEndsAt',
  'graceEndsAt',
  'cancelAt',
  'pausedAt',
  'resumesAt',
] as const;

export function modelSnapshot(account: Account, all: boolean, questions: readonly Question[]): Snapshot {
  const found = new Map<string, string>([['time zone', account.zone]]);
  for (const one of account.subscriptions) {
    const path = `subscription ${one.id}`;
    found.set(`${path} status`, `${one.status} on ${one.plan}`);
    found.set(`${path} endedAt`, day(one.endedAt));
    if (hasEnded(one)) continue;
    found.set(`${path} scheduledChange`, one.change ? `${one.change.plan} at ${day(one.change.at)}` : 'none');
    const dates: Record<(typeof DATES)[number], number | null> = {
      startedAt: one.startedAt,
      currentPeriodStart: one.periodStart,
      currentPeriodEnd: one.periodEnd,
      trialEndsAt: one.trialEndsAt,
      graceEndsAt: one.graceEndsAt,
      cancelAt: one.cancel?.at ?? null,
      pausedAt: one.pause?.since ?? null,
      resumesAt: one.pause?.resumesAt ?? null,
    };
    for (const field of DATES) found.set(`${path} ${field}`, day(dates[field]));
    found.set(`${path} addOns`, list(addOnsOf(one)));
    found.set(`${path} quantities`, list(numbersOf(one)));
  }
  for (const one of account.licenses) {
    const path = `license ${one.id}`;
    found.set(`${path} status`, `${statusOf(one)} on ${one.plan}`);
    const dates: Record<(typeof LICENSE_DATES)[number], number | null> = {
      startsAt: one.startsAt,
      expiresAt: one.expiresAt,
      graceEndsAt: one.phase === 'GRACE' ? graceEndOf(account, one) : null,
      maintenanceUntil: one.maintenanceUntil,
    };
    for (const field of LICENSE_DATES) found.set(`${path} ${field}`, day(dates[field]));
    const { machines: spec } = PLANS[one.plan];
    found.set(`${path} machineLimit`, text(spec ? (one.machineLimit ?? spec.limit) : null));
    for (const { id, derived, fingerprint, components, name, activatedAt, inUseUntil } of one.machines)
      found.set(
        `machine ${id}`,
        machineText({
          fingerprint: derived ? 'derived' : fingerprint,
          components: components.length,
          name: text(name),
          activatedAt: day(activatedAt),
          inUseUntil: day(inUseUntil),
        }),
      );
    found.set(`${path} quantities`, list(numbersOf(one)));
  }
  for (const { id, feature, member, assignedAt, leaseExpiresAt, freeAt } of account.seats)
    if (freeAt === null)
      found.set(
        `seat ${id}`,
        `${feature} of ${member} since ${day(assignedAt)} until ${day(leaseExpiresAt)}`,
      );
  for (const question of questions) {
    const { feature, productVersion: version, memberId: member, fingerprint } = question;
    const answer = entitlementOf(account, feature, 1, {
      ...(version === undefined ? {} : { version }),
      ...(member === undefined ? {} : { member }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    });
    found.set(`check ${JSON.stringify(question)}`, answerText({ ...answer }));
  }
  for (const grant of account.grants) found.set(`grant ${grant.id}`, grant.status);
  for (const feature of featureKeys()) {
    const answer = entitlementOf(account, feature);
    const { allowed, code, limit, value, resetsAt } = answer;
    const path = `entitlement ${feature}`;
    found.set(path, `${allowed ? 'allowed' : 'denied'} ${code}`);
    if (!allowed && code !== 'LIMIT_EXCEEDED' && code !== 'NO_SEAT') continue;
    found.set(`${path} limit`, text(limit));
    for (const field of COUNTS) found.set(`${path} ${field}`, text(answer[field]));
    found.set(`${path} value`, text(value));
    found.set(`${path} resetsAt`, day(resetsAt));
  }
  if (all)
    for (const [feature, { closed }] of account.meters)
      for (const { start, end, used } of closed.slice(-SHOWN))
        found.set(`window ${feature} ${day(start)} to ${day(end)}`, text(used));
  const left = account.blocks.filter(({ status, remaining }) => status === 'LIVE' && remaining > 0);
  if (all)
    for (const { id, feature, quantity, remaining, priority, expiresAt } of left)
      found.set(
        `block ${id}`,
        `${text(remaining)} of ${text(quantity)} ${feature}, priority ${text(priority)}, until ${day(expiresAt)}`,
      );
  return found;
}

/** Late usage may have added windows of which nothing was kept; the model knows none of these. */
const SHOWN = 50;

/** What is derived of components is a keyed hash that the model does not know. */
function machineText(machine: {
  readonly fingerprint: string;
  readonly components: number;
  readonly name: string;
  readonly activatedAt: string;
  readonly inUseUntil: string;
}): string {
  const { fingerprint, components, name, activatedAt, inUseUntil } = machine;
  const known = FINGERPRINTS.some((one) => one === fingerprint) ? fingerprint : 'derived';
  return `${known}, ${String(components)} components, ${name}, since ${activatedAt}, in use until ${inUseUntil}`;
}

function answerText({ allowed, code }: Readonly<Record<string, unknown>>): string {
  return `${allowed === true ? 'allowed' : 'denied'} ${text(code)}`;
}

/** One line for each difference. */
export function differences(real: Snapshot, model: Snapshot): string[] {
  // States before what follows from them.
  const paths = [...new Set([...real.keys(), ...model.keys()])].sort().reverse();
  return paths.flatMap((path) => {
    const [one, other] = [real.get(path), model.get(path)];
    if (path.startsWith('window ') && other === undefined) return [];
    // What only one of them has hangs on a status, or an answer, that differs as well.
    const isDetail = !/ status$|^grant |^check |^seat |^machine |^window |^block |^entitlement [a-z]+$/.test(
      path,
    );
    if (one === other || (isDetail && (one === undefined || other === undefined))) return [];
    return [`${path}: product ${one ?? 'nothing'}, model ${other ?? 'nothing'}`];
  });
}

export interface Log {
  readonly events: readonly ModelEvent[];
  readonly cursor: string | null;
  /** Of the last of them. */
  readonly revision: string | null;
}

export async function eventsAfter(url: string, id: string, after: string | null): Promise<Log> {
  const events: ModelEvent[] = [];
  let cursor = after;
  let revision: string | null = null;
  for (;;) {
    const { data } = await ask(url, EVENTS, { id, after: cursor });
    const edges = records(record(record(data)['events'])['edges']);
    for (const edge of edges) {
      const node = record(edge['node']);
      events.push({
        type: text(node['type']),
        subject: subjectOf(node),
        at: Date.parse(text(node['at'])),
      });
      cursor = text(edge['cursor']);
      revision = text(node['revision']);
    }
    if (edges.length < 100) return { events, cursor, revision };
  }
}

/** What the model tells of: of a threshold it is what was reached, not whose it is. */
function subjectOf({ type, subjectId, data }: Readonly<Record<string, unknown>>): string {
  if (type !== 'usage.threshold_reached') return text(subjectId);
  const { feature, threshold, used, limit } = record(data);
  return reachedText({ feature: text(feature), threshold: text(threshold), used: Number(used), limit });
}

export function eventText({ type, subject, at }: ModelEvent): string {
  return `${type} ${subject} ${day(at)}`;
}

/** A time as people write it: without what is zero at its end. */
export function day(at: number | null): string {
  return at === null
    ? 'none'
    : new Date(at)
        .toISOString()
        .replace(/\.000Z$/, 'Z')
        .replace(/:00Z$/, 'Z')
        .replace(/T00:00Z$/, '');
}

function instant(value: unknown): string {
  return value === null ? 'none' : day(Date.parse(text(value)));
}

function list(items: readonly unknown[]): string {
  return JSON.stringify(items.map((item) => JSON.stringify(item)).sort());
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

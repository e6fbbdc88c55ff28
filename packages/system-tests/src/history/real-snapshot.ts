import { windowed } from '../model/features.js';
import { featureKeys } from '../model/windows.js';
import { ask, record, records } from './gateway.js';
import type { Question } from './questions.js';
import { answerText, COUNTS, DATES, LICENSE_DATES, machineText, type Snapshot } from './snapshot.js';
import { instant, list, text } from './texts.js';

/** What the product says of a customer. */

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

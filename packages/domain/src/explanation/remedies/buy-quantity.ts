import type { CustomerAccount } from '../../customer.js';
import { executeLicense } from '../../license/execute-license.js';
import type { License } from '../../license/license.js';
import { boughtOf, type Quantities } from '../../subscription/bought.js';
import { isLive } from '../../subscription/state.js';
import type { LiveSubscription } from '../../subscription/subscription.js';
import type { Remedy } from '../explanation.js';
import { accountAfter, allows, type Candidate, decided, type Denied, remedyOf } from './attempt.js';

/** More of what a plan sells by number, with a subscription or a licence: as many as are missing. */
export function* boughtQuantities(denied: Denied): Iterable<Candidate> {
  const { subscriptions, licenses } = denied.account;
  for (const subscription of subscriptions.filter(isLive)) yield* moreOfSubscription(denied, subscription);
  for (const license of licenses) yield* moreOfLicense(denied, license);
}

function moreOfSubscription(denied: Denied, subscription: LiveSubscription): Candidate[] {
  const { id: subscriptionId, planVersion } = subscription;
  const adjusting = { kind: 'adjust', subscriptionId, addOns: null, timing: 'NOW', at: null } as const;
  return moreOf(denied, subscription, `\`${planVersion.plan.key}\``, { subscriptionId }, (quantities) =>
    accountAfter(denied, { ...adjusting, quantities }),
  );
}

function moreOfLicense(denied: Denied, license: License): Candidate[] {
  const { account, release, now } = denied;
  const { id: licenseId, planVersion } = license;
  const { key: plan } = planVersion.plan;
  const changing = { kind: 'renewLicense', licenseId, expiresAt: null, maintenanceUntil: null } as const;
  return moreOf(denied, license, `the licence \`${licenseId}\` to \`${plan}\``, { plan }, (quantities) => {
    const outcome = executeLicense(account, { ...changing, quantities }, release, now);
    return outcome.ok ? outcome.account : null;
  });
}

/** `what` has the right; `having`: the account with these quantities, null: it cannot have them. */
function moreOf(
  denied: Denied,
  sold: Parameters<typeof boughtOf>[0],
  what: string,
  told: Partial<Remedy>,
  having: (quantities: Quantities) => CustomerAccount | null,
): Candidate[] {
  const { feature } = denied;
  const bought = boughtOf(sold);
  const held = bought.get(feature.key);
  if (held === undefined) return [];
  for (const quantity of numbersToTry(denied, held)) {
    const account = having(new Map([...bought, [feature.key, quantity]]));
    if (account === null || !allows(denied, account)) continue;
    const message = `buy ${String(quantity)} of \`${feature.key}\` with ${what}, ${String(held)} of which it has`;
    return [{ remedy: remedyOf('BUY_QUANTITY', message, { ...told, quantity }), account }];
  }
  return [];
}

/** As many as are missing to what all sources give together, then to what this one gives: the fewest first. */
function numbersToTry(denied: Denied, held: number): number[] {
  const { account, feature, request, now } = denied;
  const meter = account.meters.get(feature.key);
  const needed = (meter?.used ?? 0) + (meter?.reserved ?? 0) + request.quantity;
  const given = decided(denied, account, now).limit ?? held;
  const more = [needed - given, needed - held].map((missing) => held + Math.max(1, missing));
  return more.toSorted((one, other) => one - other);
}

import type { AddOn } from '../../catalog/catalog.js';
import type { CustomerAccount } from '../../customer.js';
import { isLive } from '../../subscription/state.js';
import type { LiveSubscription } from '../../subscription/subscription.js';
import { accountAfter, allows, type Candidate, type Denied, remedyOf } from './attempt.js';
import { sizeOf } from './size.js';

/** As many as the API can be asked for. */
const MOST = 2 ** 31 - 1;

/** More of one add-on on top of a subscription; of those that there are the one first that gives least. */
export function* addOns(denied: Denied): Iterable<Candidate> {
  const { feature } = denied;
  const size = ({ addOn }: Offer): number => sizeOf(feature, addOn.entitlements.get(feature.key));
  const offers = denied.account.subscriptions.filter(isLive).flatMap((one) => offersTo(denied, one));
  const ordered = offers.sort(
    (one, other) => size(one) - size(other) || (one.addOn.key < other.addOn.key ? -1 : 1),
  );
  for (const { subscription, addOn } of ordered) yield* fewest(denied, subscription, addOn);
}

interface Offer {
  readonly subscription: LiveSubscription;
  readonly addOn: AddOn;
}

function offersTo({ release, feature }: Denied, subscription: LiveSubscription): Offer[] {
  const { plan } = subscription.planVersion;
  return [...release.addOnVersions.values()].flatMap(({ addOn }) =>
    addOn.with.includes(plan.key) && addOn.entitlements.has(feature.key) ? [{ subscription, addOn }] : [],
  );
}

/** As few of it as will do: twice as many each time until it is enough, because a rule may give less to who has more. */
function* fewest(denied: Denied, subscription: LiveSubscription, addOn: AddOn): Iterable<Candidate> {
  const held = subscription.addOns.find((bought) => bought.addOn.key === addOn.key)?.quantity ?? 0;
  const most = mostThatMatter(denied, addOn, held);
  if (most === null) return;
  const isEnough = (quantity: number): boolean => {
    const account = withAddOn(denied, subscription, addOn, quantity);
    return account !== null && allows(denied, account);
  };
  let [least, enough] = [held + 1, held + 1];
  while (enough < most && !isEnough(enough))
    [least, enough] = [enough + 1, Math.min(most, held + 2 * (enough - held))];
  while (least < enough) {
    const middle = Math.floor((least + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else least = middle + 1;
  }
  const account = withAddOn(denied, subscription, addOn, enough);
  if (account === null) return;
  const { key } = subscription.planVersion.plan;
  const message = `buy ${String(enough)} of \`${addOn.key}\` on top of \`${key}\`${held === 0 ? '' : `, ${String(held)} of which it has`}`;
  const told = { addOn: addOn.key, subscriptionId: subscription.id, quantity: enough };
  yield { remedy: remedyOf('ADD_ON', message, told), account };
}

/** One is enough of what is not counted. Null: no number that can be bought would do. */
function mostThatMatter({ account, feature, request }: Denied, addOn: AddOn, held: number): number | null {
  const given = addOn.entitlements.get(feature.key);
  if (given?.kind !== 'UNITS' || given.limit === null) return held + 1;
  const meter = account.meters.get(feature.key);
  const wanted = (meter?.used ?? 0) + (meter?.reserved ?? 0) + request.quantity;
  const most = given.limit === 0 ? held + 1 : held + Math.max(1, Math.ceil(wanted / given.limit));
  return most <= MOST ? most : null;
}

function withAddOn(
  denied: Denied,
  { id, addOns }: LiveSubscription,
  { key }: AddOn,
  quantity: number,
): CustomerAccount | null {
  const others = addOns.filter((bought) => bought.addOn.key !== key);
  const wanted = [
    ...others.map((bought) => ({ addOn: bought.addOn.key, quantity: bought.quantity })),
    { addOn: key, quantity },
  ];
  return accountAfter(denied, {
    kind: 'adjust',
    subscriptionId: id,
    addOns: wanted,
    quantities: null,
    timing: 'NOW',
    at: null,
  });
}

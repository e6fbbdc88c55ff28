import type { CreditBlockOffer } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import {
  type CreditBlockId,
  type FeatureKey,
  parseCreditBlockId,
  parseSubscriptionId,
  type SubscriptionId,
} from '../ids.js';
import type { AccountChange, CustomerEvent } from '../subscription/command.js';
import { isGiving } from '../subscription/state.js';
import type { Subscription } from '../subscription/subscription.js';
import { addDuration } from '../time/calendar.js';
import type { Instant } from '../time/instant.js';
import { addBlock } from './change-blocks.js';
import { type CreditSource, isPrepaid } from './credit-block.js';

/** A block that a plan, or an add-on, gives a subscription. */
interface Gift {
  /** Of the offer: one subscription is given it once, or once in each period. */
  readonly name: string;
  readonly feature: FeatureKey;
  readonly offer: CreditBlockOffer;
  readonly times: number;
  readonly source: CreditSource;
}

/**
 * The blocks that plans and add-ons give, where they have not been given: `once` for each subscription, `everyPeriod` for
 * each of its periods; docs/rules.md, "Spending". Called once for all that happens at one instant.
 */
export function giveCredits(account: CustomerAccount, release: Release, at: Instant): AccountChange {
  let state = account;
  const events: CustomerEvent[] = [];
  for (const subscription of account.subscriptions) {
    const given = giveTo(state, subscription, release, at);
    state = given.account;
    events.push(...given.events);
  }
  return { account: state, events };
}

function giveTo(
  account: CustomerAccount,
  subscription: Subscription,
  { catalog }: Release,
  at: Instant,
): AccountChange {
  const due = giftsOf(subscription).filter((gift) => {
    const feature = catalog.features.get(gift.feature);
    return feature !== undefined && isPrepaid(feature) && !isGiven(subscription, gift);
  });
  if (due.length === 0) return { account, events: [] };
  const start = periodStart(subscription);
  const creditsGiven = new Map(subscription.creditsGiven);
  for (const { name } of due) creditsGiven.set(name, start);
  const subscriptions = account.subscriptions.map((one) =>
    one.id === subscription.id ? { ...one, creditsGiven } : one,
  );
  let state: CustomerAccount = { ...account, subscriptions };
  const events: CustomerEvent[] = [];
  due.forEach(({ feature, offer, times, source }) => {
    const quantity = Math.min(offer.quantity * times, Number.MAX_SAFE_INTEGER);
    const added = addBlock(state, {
      id: blockId(state, subscription, at),
      feature,
      quantity,
      remaining: quantity,
      held: 0,
      priority: offer.priority,
      expiresAt: offer.expiresAfter && addDuration(at, offer.expiresAfter, account.timeZone),
      createdAt: at,
      source,
      status: 'LIVE',
    });
    state = added.account;
    events.push(...added.events);
  });
  return { account: state, events };
}

/** The subscription as one that has been given all that its plan and add-ons give: of a customer who is described as it stands. */
export function asGiven(subscription: Subscription): Subscription {
  const names = giftsOf(subscription).map(({ name }) => [name, periodStart(subscription)] as const);
  return { ...subscription, creditsGiven: new Map(names) };
}

/** When the subscription's next period brings credits of the feature; null: none does. */
export function nextGiftAt(subscription: Subscription, feature: FeatureKey): Instant | null {
  const gives = giftsOf(subscription).some(
    (gift) => gift.feature === feature && gift.offer.given === 'everyPeriod',
  );
  return gives && 'period' in subscription ? subscription.period.end : null;
}

/** A paused one, or one that has not begun, is given nothing; what a pause has kept back comes with the resume. */
function giftsOf(subscription: Subscription): Gift[] {
  if (!isGiving(subscription)) return [];
  const { id, planVersion, addOns } = subscription;
  const { plan } = planVersion;
  return [
    ...giftsIn(plan.entitlements, 1, { kind: 'SUBSCRIPTION', id, key: plan.key }),
    ...addOns.flatMap(({ addOn, quantity }) =>
      giftsIn(addOn.entitlements, quantity, { kind: 'ADD_ON', id, key: addOn.key }),
    ),
  ];
}

function giftsIn(
  entitlements: Subscription['planVersion']['plan']['entitlements'],
  times: number,
  source: CreditSource,
): Gift[] {
  return [...entitlements].flatMap(([feature, given]) =>
    given.kind === 'BLOCKS'
      ? given.blocks.map((offer, place) => ({
          ...{ feature, offer, times, source },
          name: `${source.key} ${feature} ${String(place)}`,
        }))
      : [],
  );
}

function isGiven(subscription: Subscription, { name, offer }: Gift): boolean {
  const last = subscription.creditsGiven.get(name);
  if (last === undefined) return false;
  return offer.given === 'once' || last >= periodStart(subscription);
}

function periodStart(subscription: Subscription): Instant {
  return 'period' in subscription ? subscription.period.start : subscription.startedAt;
}

const GIVEN = /^blk_([0-9a-f]{32})[0-9a-z]+$/;

/** The subscription that was given this block, or will be, as its id says; null: somebody has added it, or it is none. */
export function givenTo(block: CreditBlockId): SubscriptionId | null {
  const subscription = GIVEN.exec(block)?.[1];
  return subscription === undefined ? null : parseSubscriptionId(`sub_${subscription}`);
}

/** By the subscription, the instant, and how many it was given there before: the rules hold no chance. */
function blockId(account: CustomerAccount, { id }: Subscription, at: Instant): CreditBlockId {
  const before = account.blocks.filter(({ source, createdAt }) => source?.id === id && createdAt === at);
  const made = parseCreditBlockId(
    `blk_${id.replace('sub_', '')}${at.toString(36)}${before.length.toString(36)}`,
  );
  if (made === null) throw new Error('a subscription id and an instant make a block id');
  return made;
}

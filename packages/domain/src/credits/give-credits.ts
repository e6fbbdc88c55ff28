import type { CreditBlockOffer } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import { beganAt, type Holding, holdingsOf, isLicense } from '../holding.js';
import {
  type CreditBlockId,
  type FeatureKey,
  type LicenseId,
  parseCreditBlockId,
  parseLicenseId,
  parseSubscriptionId,
  type SubscriptionId,
} from '../ids.js';
import { type License, licenseStatus } from '../license/license.js';
import type { AccountChange, CustomerEvent } from '../subscription/command.js';
import { isGiving } from '../subscription/state.js';
import type { Subscription } from '../subscription/subscription.js';
import { addDuration, spanFromAnchor } from '../time/calendar.js';
import type { Instant, TimeZone } from '../time/instant.js';
import type { Span } from '../usage/meter.js';
import { addBlock } from './change-blocks.js';
import { type CreditSource, isPrepaid } from './credit-block.js';

/** A block that a plan, or an add-on, gives a subscription or a licence. */
interface Gift {
  /** Of the offer: one holding is given it once, or once in each period. */
  readonly name: string;
  readonly feature: FeatureKey;
  readonly offer: CreditBlockOffer;
  readonly times: number;
  readonly source: CreditSource;
}

/**
 * The blocks that plans and add-ons give, where they have not been given: `once` for each subscription or licence, `everyPeriod`
 * for each of its periods; docs/rules.md, "Spending". Called once for all that happens at one instant.
 */
export function giveCredits(account: CustomerAccount, release: Release, at: Instant): AccountChange {
  let state = account;
  const events: CustomerEvent[] = [];
  for (const holding of holdingsOf(account)) {
    const given = giveTo(state, holding, release, at);
    state = given.account;
    events.push(...given.events);
  }
  return { account: state, events };
}

/** The same, of one subscription or licence. */
export function giveTo(
  account: CustomerAccount,
  holding: Holding,
  { catalog }: Release,
  at: Instant,
): AccountChange {
  const start = periodStart(holding, account.timeZone, at);
  const due = giftsOf(holding).filter((gift) => {
    const feature = catalog.features.get(gift.feature);
    return feature !== undefined && isPrepaid(feature) && !isGiven(holding, gift, start, account.timeZone);
  });
  if (due.length === 0) return { account, events: [] };
  const creditsGiven = new Map(holding.creditsGiven);
  for (const { name } of due) creditsGiven.set(name, start);
  let state = withCreditsGiven(account, holding, creditsGiven);
  const events: CustomerEvent[] = [];
  due.forEach(({ feature, offer, times, source }) => {
    const quantity = Math.min(offer.quantity * times, Number.MAX_SAFE_INTEGER);
    const added = addBlock(state, {
      id: blockId(state, holding, at),
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

function withCreditsGiven(
  account: CustomerAccount,
  { id }: Holding,
  creditsGiven: Holding['creditsGiven'],
): CustomerAccount {
  const given = <One extends Holding>(one: One): One => (one.id === id ? { ...one, creditsGiven } : one);
  return {
    ...account,
    subscriptions: account.subscriptions.map(given),
    licenses: account.licenses.map(given),
  };
}

/** The holding as one that has been given all that its plan and add-ons give: of a customer who is described as it stands. */
export function asGiven<One extends Holding>(holding: One, zone: TimeZone, at: Instant): One {
  const start = periodStart(holding, zone, at);
  const names = giftsOf(holding).map(({ name }) => [name, start] as const);
  return { ...holding, creditsGiven: new Map(names) };
}

/** When the next period of a subscription or licence brings credits of the feature after `after`; null: none does. */
export function nextGiftAt(
  holding: Holding,
  feature: FeatureKey,
  zone: TimeZone,
  after: Instant,
): Instant | null {
  const gifts = periodicGifts(holding).filter((gift) => gift.feature === feature);
  if (isLicense(holding)) return nextPeriodAfter(holding, gifts, zone, after);
  return gifts.length > 0 && 'period' in holding ? holding.period.end : null;
}

/** When a licence is next given credits by time alone, which was brought to `after`; null: never. */
export function nextLicenseGift(
  license: License,
  { catalog }: Release,
  zone: TimeZone,
  after: Instant,
): Instant | null {
  const gifts = periodicGifts(license).filter((gift) => {
    const feature = catalog.features.get(gift.feature);
    return feature !== undefined && isPrepaid(feature);
  });
  return nextPeriodAfter(license, gifts, zone, after);
}

/** What was never given, since the release lacked the feature then, comes as the period ends that runs at `after`. */
function nextPeriodAfter(
  license: License,
  gifts: readonly Gift[],
  zone: TimeZone,
  after: Instant,
): Instant | null {
  const { startsAt, planVersion } = license;
  const { period } = planVersion.plan;
  const ends = gifts.flatMap(({ name }) => {
    const last = license.creditsGiven.get(name);
    if (last !== undefined) return periodBegunAt(license, last, zone)?.end ?? [];
    return period === null ? [] : spanFromAnchor(startsAt, period, zone, after).end;
  });
  return ends.reduce<Instant | null>((first, end) => (first === null || end < first ? end : first), null);
}

function periodicGifts(holding: Holding): Gift[] {
  return giftsOf(holding).filter(({ offer }) => offer.given === 'everyPeriod');
}

/** What does not give, or a licence in grace, is given nothing; what a pause has kept back comes with the resume. */
function giftsOf(holding: Holding): Gift[] {
  const { plan } = holding.planVersion;
  if (isLicense(holding)) {
    if (licenseStatus(holding) !== 'ACTIVE') return [];
    return giftsIn(plan.entitlements, 1, { kind: 'LICENSE', id: holding.id, key: plan.key });
  }
  if (!isGiving(holding)) return [];
  const { id, addOns } = holding;
  return [
    ...giftsIn(plan.entitlements, 1, { kind: 'SUBSCRIPTION', id, key: plan.key }),
    ...addOns.flatMap(({ addOn, quantity }) =>
      giftsIn(addOn.entitlements, quantity, { kind: 'ADD_ON', id, key: addOn.key }),
    ),
  ];
}

function giftsIn(
  entitlements: Holding['planVersion']['plan']['entitlements'],
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

function isGiven(holding: Holding, { name, offer }: Gift, start: Instant, zone: TimeZone): boolean {
  const last = holding.creditsGiven.get(name);
  if (last === undefined) return false;
  if (offer.given === 'once' || last >= start) return true;
  return isLicense(holding) && (periodBegunAt(holding, last, zone)?.start ?? last) >= start;
}

/** The period of a licence that began at `start`; after a move to another zone that may lie just before or after its start there. */
function periodBegunAt({ startsAt, planVersion }: License, start: Instant, zone: TimeZone): Span | null {
  const { period } = planVersion.plan;
  if (period === null) return null;
  const span = spanFromAnchor(startsAt, period, zone, start);
  const belongsToNext = span.end - start < start - span.start;
  return belongsToNext ? spanFromAnchor(startsAt, period, zone, span.end) : span;
}

/** Of the period that runs at `at`: a licence's are counted from its start, however long it lasts. */
function periodStart(holding: Holding, zone: TimeZone, at: Instant): Instant {
  if (!isLicense(holding)) return subscriptionPeriodStart(holding);
  const { period } = holding.planVersion.plan;
  return period === null || at < holding.startsAt
    ? holding.startsAt
    : spanFromAnchor(holding.startsAt, period, zone, at).start;
}

function subscriptionPeriodStart(subscription: Subscription): Instant {
  return 'period' in subscription ? subscription.period.start : beganAt(subscription);
}

const GIVEN = /^blk_([0-9a-f]{32})[0-9a-z]+$/;

/** The subscription, or licence, that was given this block, or will be, as its id says; null: somebody has added it, or it is none. */
export function givenTo(
  block: CreditBlockId,
): { readonly subscription: SubscriptionId; readonly license: LicenseId } | null {
  const owner = GIVEN.exec(block)?.[1];
  const subscription = parseSubscriptionId(`sub_${owner ?? ''}`);
  const license = parseLicenseId(`lic_${owner ?? ''}`);
  return subscription === null || license === null ? null : { subscription, license };
}

/** By the holding, the instant, and how many it was given there before: the rules hold no chance. */
function blockId(account: CustomerAccount, { id }: Holding, at: Instant): CreditBlockId {
  const before = account.blocks.filter(({ source, createdAt }) => source?.id === id && createdAt === at);
  const made = parseCreditBlockId(
    `blk_${id.replace(/^(sub|lic)_/, '')}${at.toString(36)}${before.length.toString(36)}`,
  );
  if (made === null) throw new Error('the id of a holding and an instant make a block id');
  return made;
}

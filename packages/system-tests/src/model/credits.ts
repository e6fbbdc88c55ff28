import {
  type Account,
  type CreditBlock,
  type License,
  Refusal,
  type Sold,
  type Subscription,
  tell,
} from './account.js';
import { plus } from './calendar.js';
import { ADD_ONS } from './add-ons.js';
import { type FeatureKey, isPrepaid } from './features.js';
import type { BlockHold } from './holds.js';
import { blocksOf, type BlockOffer, PLANS } from './plans.js';
import { statusOf } from './license-status.js';
import { addOnsOf, meterOf } from './windows.js';

/** Prepaid units: blocks that are added, or given by plans, and spent in their order. */

export interface NewBlock {
  readonly id: string;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly priority: number;
  readonly expiresAt: number | null;
}

export function addCredits(account: Account, made: NewBlock): void {
  if (!isPrepaid(made.feature)) throw new Refusal('BAD_USER_INPUT');
  addBlock(account, { ...made, createdAt: account.now, giver: null });
}

export function voidCredits(account: Account, block: CreditBlock): void {
  if (block.status === 'EXPIRED') throw new Refusal('CONFLICT');
  if (block.status === 'LIVE') endBlock(account, block, 'VOIDED', account.now);
}

/** What is left ends; what reservations hold of it they keep. */
export function endBlock(
  account: Account,
  block: CreditBlock,
  status: 'EXPIRED' | 'VOIDED',
  at: number,
): void {
  block.status = status;
  block.remaining = block.held;
  tell(account, `credits.${status.toLowerCase()}`, block.id, at);
}

function addBlock(account: Account, made: Omit<CreditBlock, 'remaining' | 'held' | 'status'>): void {
  account.blocks.push({ ...made, remaining: made.quantity, held: 0, status: 'LIVE' });
  payOverdraft(account, made.feature);
  tell(account, 'credits.added', made.id, made.createdAt);
}

/** What was recorded beyond all blocks is taken from those that have units again. */
function payOverdraft(account: Account, feature: FeatureKey): void {
  const overdrawn = account.overdrawn.get(feature) ?? 0;
  account.overdrawn.set(feature, 0);
  draw(account, feature, overdrawn);
}

export function liveBlocks({ blocks }: Account, feature: FeatureKey): CreditBlock[] {
  return blocks.filter((block) => block.feature === feature && block.status === 'LIVE');
}

/** Lowest priority, soonest to expire, oldest. */
function inOrder(one: CreditBlock, other: CreditBlock): number {
  const [ends, otherEnds] = [one.expiresAt ?? FOR_EVER, other.expiresAt ?? FOR_EVER];
  return (
    one.priority - other.priority ||
    ends - otherEnds ||
    one.createdAt - other.createdAt ||
    (one.id < other.id ? -1 : 1)
  );
}
const FOR_EVER = Number.MAX_SAFE_INTEGER;

interface Taken {
  readonly block: CreditBlock;
  readonly units: number;
}

function take(account: Account, feature: FeatureKey, quantity: number): Taken[] {
  let missing = quantity;
  return liveBlocks(account, feature)
    .sort(inOrder)
    .flatMap((block) => {
      const units = Math.min(missing, block.remaining - block.held);
      missing -= units;
      return units === 0 ? [] : [{ block, units }];
    });
}

/** What no block has is overdrawn. */
export function draw(account: Account, feature: FeatureKey, quantity: number): void {
  let missing = quantity;
  for (const { block, units } of take(account, feature, quantity)) {
    block.remaining -= units;
    missing -= units;
  }
  account.overdrawn.set(feature, (account.overdrawn.get(feature) ?? 0) + missing);
}

export function hold(account: Account, feature: FeatureKey, quantity: number): BlockHold[] {
  const taken = take(account, feature, quantity);
  for (const { block, units } of taken) block.held += units;
  return taken.map(({ block, units }) => ({ block: block.id, units }));
}

interface Holder {
  readonly feature: FeatureKey;
  readonly holds: readonly BlockHold[];
}

/** A hold ends: so much of what it holds is spent, the rest is free, or lost with a block that has ended. */
export function unhold(account: Account, { feature, holds }: Holder, spent: number): void {
  let left = spent;
  for (const { block: id, units } of holds) {
    const block = account.blocks.find((one) => one.id === id);
    if (!block) continue;
    const used = Math.min(units, left);
    left -= used;
    block.held -= units;
    block.remaining -= block.status === 'LIVE' ? used : units;
  }
  if (isPrepaid(feature)) payOverdraft(account, feature);
}

/** What was spent of them beyond `spent` is in them again; in one that has ended it is lost. */
export function putBack(account: Account, { feature, holds }: Holder, spent: number): void {
  let left = spent;
  for (const { block: id, units } of holds) {
    const block = account.blocks.find((one) => one.id === id);
    const used = Math.min(units, left);
    left -= used;
    if (block?.status === 'LIVE') block.remaining += units - used;
  }
  if (isPrepaid(feature)) payOverdraft(account, feature);
}

/** What was ever spent, and what is left: units that are held of blocks that have ended included. */
export function creditLimit(account: Account, feature: FeatureKey): number {
  const left = account.blocks
    .filter((block) => block.feature === feature)
    .reduce((total, { remaining }) => total + remaining, 0);
  return meterOf(account, feature).used - (account.overdrawn.get(feature) ?? 0) + left;
}

/** Once for all that happens at one instant; answers with whether anything was given. */
export function giveCredits(account: Account, at: number): boolean {
  let gave = false;
  for (const sold of [...account.subscriptions.filter(gives), ...account.licenses.filter(isActive)])
    for (const gift of giftsOf(sold)) {
      const last = sold.given.get(gift.name);
      const again = gift.offer.given === 'everyPeriod' && last !== undefined && last < sold.periodStart;
      if (last === undefined || again) {
        give(account, sold, gift, at);
        gave = true;
      }
    }
  return gave;
}

interface Gift {
  readonly name: string;
  readonly feature: FeatureKey;
  readonly offer: BlockOffer;
  readonly times: number;
}

function gives({ status }: Subscription): boolean {
  return status === 'TRIALING' || status === 'ACTIVE' || status === 'PAST_DUE';
}

/** Neither in grace nor suspended. */
function isActive(license: License): boolean {
  return statusOf(license) === 'ACTIVE';
}

/** Whether each of its periods brings credits. */
export function givesEveryPeriod(sold: Sold): boolean {
  return giftsOf(sold).some(({ offer }) => offer.given === 'everyPeriod');
}

function giftsOf(sold: Sold): Gift[] {
  const { plan } = sold;
  const sources = [
    { key: plan, entitlements: PLANS[plan].entitlements, times: 1 },
    ...addOnsOf(sold).map(([key, times]) => ({
      ...{ key, times },
      entitlements: ADD_ONS[key].entitlements,
    })),
  ];
  return sources.flatMap(({ key, entitlements, times }) =>
    Object.entries(entitlements).flatMap(([feature, spec]) =>
      blocksOf(spec).map((offer, place) => ({
        name: `${key} ${feature} ${String(place)}`,
        feature: feature as FeatureKey,
        ...{ offer, times },
      })),
    ),
  );
}

function give(account: Account, sold: Sold, { name, feature, offer, times }: Gift, at: number): void {
  sold.given.set(name, sold.periodStart);
  const before = account.blocks.filter((one) => one.giver === sold.id && one.createdAt === at).length;
  addBlock(account, {
    // Nobody is asked for the id of what is given: it is made of what it was given for.
    id: `blk_${sold.id.replace(/^[a-z]+_/, '')}${at.toString(36)}${before.toString(36)}`,
    feature,
    quantity: offer.quantity * times,
    priority: offer.priority ?? 0,
    expiresAt: offer.expiresAfter === undefined ? null : plus(at, offer.expiresAfter, account.zone),
    createdAt: at,
    giver: sold.id,
  });
}

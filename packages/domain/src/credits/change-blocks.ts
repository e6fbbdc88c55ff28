import type { CustomerAccount } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import type { AccountChange } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import { unusedMeter } from '../usage/meter.js';
import { type CreditBlock, freeUnits } from './credit-block.js';
import { type Credits, settled } from './spend-credits.js';

/** The blocks of one feature, and what was recorded beyond them. */
export function creditsOf({ blocks, meters }: CustomerAccount, feature: FeatureKey): Credits {
  return {
    blocks: blocks.filter((block) => block.feature === feature),
    overdrawn: meters.get(feature)?.overdrawn ?? 0,
  };
}

/** The account with these in the place of the feature's blocks. */
export function withCredits(
  account: CustomerAccount,
  feature: FeatureKey,
  { blocks, overdrawn }: Credits,
): CustomerAccount {
  const others = account.blocks.filter((block) => block.feature !== feature);
  const meter = account.meters.get(feature);
  const meters =
    (meter?.overdrawn ?? 0) === overdrawn
      ? account.meters
      : new Map(account.meters).set(feature, { ...(meter ?? unusedMeter(feature, null)), overdrawn });
  return { ...account, meters, blocks: [...others, ...blocks] };
}

/** A new block pays what was recorded beyond the others. */
export function addBlock(account: CustomerAccount, block: CreditBlock): AccountChange {
  const { blocks, overdrawn } = creditsOf(account, block.feature);
  const paid = settled({ blocks: [...blocks, block], overdrawn });
  const after = paid.blocks.find(({ id }) => id === block.id) ?? block;
  const event = { type: 'credits.added', at: block.createdAt, credits: { before: null, after } } as const;
  return { account: withCredits(account, block.feature, paid), events: [event] };
}

/** What is left of the block ends; what reservations hold of it they keep. */
export function endBlock(
  account: CustomerAccount,
  block: CreditBlock,
  status: 'EXPIRED' | 'VOIDED',
  at: Instant,
): AccountChange {
  const lost = freeUnits(block);
  const after: CreditBlock = { ...block, status, remaining: block.held };
  const blocks = account.blocks.map((one) => (one.id === block.id ? after : one));
  const type = status === 'EXPIRED' ? 'credits.expired' : 'credits.voided';
  return { account: { ...account, blocks }, events: [{ type, at, credits: { before: block, after, lost } }] };
}

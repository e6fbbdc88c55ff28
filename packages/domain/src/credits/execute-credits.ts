import { didYouMean } from '../catalog/nearest.js';
import type { CustomerAccount, Release } from '../customer.js';
import { findFeature } from '../decision/find-feature.js';
import type { CreditBlockId } from '../ids.js';
import type { CommandOutcome } from '../subscription/command.js';
import { settled } from '../subscription/execute.js';
import { badInput, conflict, notFound, unchanged } from '../subscription/refusal.js';
import { refusedFuture } from '../subscription/timing.js';
import { formatInstant, type Instant } from '../time/instant.js';
import { addBlock, endBlock } from './change-blocks.js';
import { type CreditBlock, isPrepaid } from './credit-block.js';

/** What a caller may ask of a customer's credits. Ids are made by the caller: the rules hold no chance. */
export type CreditCommand =
  | {
      readonly kind: 'addCredits';
      readonly blockId: CreditBlockId;
      readonly feature: string;
      /** At least 1. */
      readonly quantity: number;
      readonly priority: number;
      /** Null: never. */
      readonly expiresAt: Instant | null;
    }
  | { readonly kind: 'voidCredits'; readonly blockId: CreditBlockId };

/** Each is looked at by every spend. */
const MOST_LIVE = 1000;

/** What a command makes of a customer's credits at `now`; everything due until then must have been applied. */
export function executeCredits(
  account: CustomerAccount,
  command: CreditCommand,
  release: Release,
  now: Instant,
): CommandOutcome {
  const outcome =
    command.kind === 'voidCredits'
      ? voided(account, command.blockId, now)
      : added(account, command, release, now);
  return settled(outcome, release, now, now);
}

type AddCredits = Extract<CreditCommand, { kind: 'addCredits' }>;

function added(
  account: CustomerAccount,
  command: AddCredits,
  release: Release,
  now: Instant,
): CommandOutcome {
  const feature = findFeature(release, command.feature);
  if (feature === null) {
    const known = didYouMean(command.feature, release.catalog.features.keys());
    return notFound('feature', `there is no feature \`${command.feature}\`${known}`);
  }
  if (!isPrepaid(feature)) {
    const remedy = 'credits are of METERED features that the catalog calls `prepaid`';
    return badInput('feature', `feature \`${feature.key}\` is not prepaid; ${remedy}`);
  }
  const { expiresAt, quantity, priority } = command;
  if (expiresAt !== null) {
    if (expiresAt <= now)
      return badInput('expiresAt', `\`${formatInstant(expiresAt)}\` does not lie ahead; give a later time`);
    const untimely = refusedFuture('expiresAt', expiresAt, now);
    if (untimely !== null) return untimely;
  }
  const left = account.blocks.filter((block) => block.feature === feature.key && block.status === 'LIVE');
  if (left.length >= MOST_LIVE)
    return conflict(
      'customerId',
      `the customer has ${String(MOST_LIVE)} blocks of \`${feature.key}\`; void those that are not needed`,
    );
  if (left.reduce((sum, { remaining }) => sum + remaining, quantity) > Number.MAX_SAFE_INTEGER)
    return badInput('quantity', 'with those that are left that is more than can be counted; give less');
  const block: CreditBlock = {
    id: command.blockId,
    feature: feature.key,
    quantity,
    remaining: quantity,
    held: 0,
    priority,
    expiresAt,
    createdAt: now,
    source: null,
    status: 'LIVE',
  };
  return { ok: true, ...addBlock(account, block) };
}

function voided(account: CustomerAccount, id: CreditBlockId, now: Instant): CommandOutcome {
  const block = account.blocks.find((one) => one.id === id);
  if (block === undefined) return notFound('blockId', `there is no credit block \`${id}\``);
  switch (block.status) {
    case 'VOIDED':
      return unchanged(account);
    case 'EXPIRED':
      return conflict('blockId', `credit block \`${id}\` has expired; there is nothing to void`);
    case 'LIVE':
      return { ok: true, ...endBlock(account, block, 'VOIDED', now) };
  }
}

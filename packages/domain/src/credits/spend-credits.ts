import type { CreditBlockId } from '../ids.js';
import type { SpendRequest } from '../usage/spend.js';
import { type CreditBlock, type CreditHold, freeUnits, inOrder } from './credit-block.js';

/** The blocks of one feature, and what was recorded beyond them. */
export interface Credits {
  readonly blocks: readonly CreditBlock[];
  /** Taken from the next block that comes. */
  readonly overdrawn: number;
}

/** What a request does to the blocks, which `spend` has allowed before. `holds`: of the reservation that it makes, or has settled. */
export interface CreditSpend extends Credits {
  readonly holds: readonly CreditHold[];
}

const NO_HOLDS: readonly CreditHold[] = [];

/**
 * Takes from the blocks what was spent or is held, in their order, several where one is not enough. `held`: by the
 * reservation, or lease, that is settled; none where its time was over, and its units are free again.
 */
export function spendCredits(
  credits: Credits,
  { kind, quantity }: Pick<SpendRequest, 'kind' | 'quantity'>,
  held: readonly CreditHold[] = NO_HOLDS,
): CreditSpend {
  switch (kind) {
    case 'consume':
    case 'record':
      return { holds: NO_HOLDS, ...drawn(credits, quantity) };
    case 'reserve':
    case 'lend':
      return holding(credits, quantity);
    case 'commit':
    case 'return':
      return { holds: NO_HOLDS, ...released(credits, held, quantity) };
    case 'free':
      return { holds: NO_HOLDS, ...released(credits, held, 0) };
    case 'correct':
      return { holds: NO_HOLDS, ...regained(credits, held, quantity) };
    case 'release':
      throw new Error('prepaid features take no units back');
  }
}

/** What is missing is overdrawn. */
function drawn({ blocks, overdrawn }: Credits, quantity: number): Credits {
  const { taken, missing } = take(blocks, quantity);
  const spent = changed(blocks, taken, (block, units) => ({ ...block, remaining: block.remaining - units }));
  return { blocks: spent, overdrawn: overdrawn + missing };
}

function holding({ blocks, overdrawn }: Credits, quantity: number): CreditSpend {
  const { taken } = take(blocks, quantity);
  const holds = [...taken].map(([block, units]) => ({ block, units }));
  const kept = changed(blocks, taken, (block, units) => ({ ...block, held: block.held + units }));
  return { blocks: kept, overdrawn, holds };
}

/** A reservation ends: `spent` of what it holds are spent, the first held first; of blocks that have ended the rest is lost. */
function released({ blocks, overdrawn }: Credits, holds: readonly CreditHold[], spent: number): Credits {
  const used = firstHeld(holds, spent);
  const freed = changed(blocks, new Map(holds.map(({ block, units }) => [block, units])), (block, units) => ({
    ...block,
    held: block.held - units,
    remaining: block.remaining - (block.status === 'LIVE' ? (used.get(block.id) ?? 0) : units),
  }));
  return settled({ blocks: freed, overdrawn });
}

/** Of each block, how much of `spent` is taken from it. */
function firstHeld(holds: readonly CreditHold[], spent: number): ReadonlyMap<CreditBlockId, number> {
  let left = spent;
  const used = new Map<CreditBlockId, number>();
  for (const { block, units } of holds) {
    used.set(block, Math.min(units, left));
    left -= Math.min(units, left);
  }
  return used;
}

/** Of a lease that was counted as spent no more than `spent` was: the rest is in its blocks again, where they have not ended. */
function regained({ blocks, overdrawn }: Credits, holds: readonly CreditHold[], spent: number): Credits {
  const used = firstHeld(holds, spent);
  const back = new Map(holds.map(({ block, units }) => [block, units - (used.get(block) ?? 0)]));
  const filled = changed(blocks, back, (block, units) =>
    block.status === 'LIVE' ? { ...block, remaining: block.remaining + units } : block,
  );
  return settled({ blocks: filled, overdrawn });
}

/** What was recorded beyond all blocks is taken from those that have units again. */
export function settled(credits: Credits): Credits {
  const { blocks, overdrawn } = credits;
  return overdrawn === 0 ? credits : drawn({ blocks, overdrawn: 0 }, overdrawn);
}

/** From which blocks so many units come. */
function take(
  blocks: readonly CreditBlock[],
  quantity: number,
): { readonly taken: ReadonlyMap<CreditBlockId, number>; readonly missing: number } {
  const taken = new Map<CreditBlockId, number>();
  let missing = quantity;
  for (const block of blocks.toSorted(inOrder)) {
    const units = Math.min(missing, freeUnits(block));
    if (units === 0) continue;
    taken.set(block.id, units);
    missing -= units;
    if (missing === 0) break;
  }
  return { taken, missing };
}

function changed(
  blocks: readonly CreditBlock[],
  units: ReadonlyMap<CreditBlockId, number>,
  change: (block: CreditBlock, units: number) => CreditBlock,
): readonly CreditBlock[] {
  return blocks.map((block) => {
    const some = units.get(block.id);
    return some === undefined ? block : change(block, some);
  });
}

import {
  ceilingOf,
  type CreditBlock,
  type CreditBlockId,
  type CreditHold,
  creditLimit,
  creditsOf,
  type Instant,
  type Release,
  spendCredits,
  type SpendRequest as Question,
  type TenantId,
} from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import { blockStatements } from '../repositories/credit-blocks.js';
import type { Counter } from './counter.js';
import type { LockedHold } from './hold-rows.js';
import { putBlocks } from './kept-account.js';

/** What a batch makes of credit blocks. */
export class BlockChanges {
  readonly #changed = new Map<CreditBlockId, CreditBlock>();

  /** Takes from the counter's blocks what was spent; answers with what a reservation, or lease, holds of them. `settled`: by this. */
  spend(counter: Counter, question: Question, settled: LockedHold | undefined): readonly CreditHold[] {
    const { account, key } = counter;
    const credits = creditsOf(account.state.account, key.feature);
    // Of a reservation that has expired nothing is held any more; a lease was spent from the same blocks.
    const held = settled?.status === 'OPEN' || settled?.kind === 'LEASE' ? settled.holds : [];
    const after = spendCredits(credits, question, held);
    for (const block of after.blocks) if (!credits.blocks.includes(block)) this.#changed.set(block.id, block);
    putBlocks(account, key.feature, after.blocks);
    counter.overdrawn = after.overdrawn;
    return after.holds;
  }

  get changed(): ReadonlyMap<CreditBlockId, CreditBlock> {
    return this.#changed;
  }

  statements(tenantId: TenantId): Statement[] {
    return blockStatements(tenantId, [...this.#changed.values()]);
  }
}

/** What a reservation gives back of a block that has ended is lost: the limit falls, below what was granted before, too. */
export function lowerCeiling(counter: Counter, before: number | null, release: Release, at: Instant): void {
  const { account, key } = counter;
  const lost = (before ?? 0) - creditLimit(account.state.account, key.feature);
  if (lost <= 0) return;
  counter.ceiling = ceilingOf(account.state.account, release, key.feature, at);
  counter.granted = Math.max(0, counter.granted - lost);
}

import type { CreditBlock } from '../credits/credit-block.js';
import { knownState, type KnownState } from '../customer.js';
import type { CompiledFeature } from '../decision/compile.js';
import type { Meter } from './meter.js';
import { endsWithin } from './rollover.js';

/**
 * The state with one counter replaced, and the credit blocks that it was spent from; the right that the counter is held
 * against stays as it was worked out, but for one that rests on blocks.
 */
export function withMeter(
  state: KnownState,
  meter: Meter,
  blocks: readonly CreditBlock[] = state.account.blocks,
): KnownState {
  const meters = new Map(state.account.meters).set(meter.feature, meter);
  const changed = knownState(state.release, { ...state.account, meters, blocks });
  for (const [feature, right] of state.compiled) changed.compiled.set(feature, copied(right));
  if (blocks !== state.account.blocks) changed.compiled.delete(meter.feature);
  recount(changed, meter);
  return changed;
}

/** A right of its own: counters move in place. */
function copied(right: CompiledFeature): CompiledFeature {
  if (right.kind !== 'ASKED') return { ...right };
  return { ...right, answers: new Map([...right.answers].map(([key, answer]) => [key, { ...answer }])) };
}

/** Puts a counter into what was worked out, in place. Of another window than the one it was worked out for, it is forgotten. */
export function recount({ compiled, answers }: KnownState, meter: Meter): void {
  answers.forget(meter.feature);
  const right = compiled.get(meter.feature);
  if (right === undefined || !moveCounter(right, meter)) compiled.delete(meter.feature);
}

/** False: it must be worked out anew. */
function moveCounter(right: CompiledFeature, meter: Meter): boolean {
  if (right.kind === 'ASKED') {
    for (const [key, answer] of right.answers) if (!moveCounter(answer, meter)) right.answers.delete(key);
    return true;
  }
  if (right.kind !== 'COUNTED' || right.resetsAt !== (meter.window?.end ?? null)) return false;
  // How much of rolled units will end depends on how much of them is spent.
  if (endsWithin(meter)) return false;
  right.used = meter.used;
  right.reserved = meter.reserved;
  right.freesAt = meter.freesAt;
  return true;
}

import { formatInstant, type Instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { ChangeTiming } from './command.js';
import { badInput, type Refused } from './refusal.js';

/**
 * When what is asked takes effect. `at` belongs to AT alone and lies ahead; a subscription without a period has its
 * period end now.
 */
export function effectiveTime(
  timing: ChangeTiming,
  at: Instant | null,
  periodEnd: () => Instant | null,
  now: Instant,
): Instant | Refused {
  if (timing !== 'AT' && at !== null)
    return badInput('at', 'a time goes with timing `AT` alone; leave one of them out');
  switch (timing) {
    case 'NOW':
      return now;
    case 'PERIOD_END':
      return periodEnd() ?? now;
    case 'AT':
      if (at === null) return badInput('at', 'timing `AT` needs a time; give `at`');
      return at > now
        ? at
        : badInput('at', `\`${formatInstant(at)}\` is past; give a time ahead, or timing \`NOW\``);
    default:
      return unreachable(timing);
  }
}

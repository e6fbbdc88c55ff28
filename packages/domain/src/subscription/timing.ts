import { subtractDuration } from '../time/calendar.js';
import {
  formatInstant,
  type Instant,
  type IsoDuration,
  parseDuration,
  type TimeZone,
} from '../time/instant.js';
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
      if (at <= now)
        return badInput('at', `\`${formatInstant(at)}\` is past; give a time ahead, or timing \`NOW\``);
      return refusedFuture('at', at, now) ?? at;
    default:
      return unreachable(timing);
  }
}

/** As far ahead as durations go: what is later is a slip, and would leave the calendar that can be written down. */
const CENTURY = 36_525 * 24 * 3_600_000;

/** Whether `at` lies within what can be planned: a century. */
export function isPlannable(at: Instant, now: Instant): boolean {
  return at - now <= CENTURY;
}

/** Null, or why nothing can be planned for `at`: it lies more than a century ahead. */
export function refusedFuture(field: string, at: Instant, now: Instant): Refused | null {
  return isPlannable(at, now)
    ? null
    : badInput(field, `\`${formatInstant(at)}\` is more than a century ahead; give an earlier time`);
}

/** How far back imports go; docs/rules.md, "Subscription". */
const OLDEST = duration('P10Y');

/** Null, or why `at` is too old to be told: it lies more than ten years back, by the calendar in `zone`. */
export function refusedPast(field: string, at: Instant, now: Instant, zone: TimeZone): Refused | null {
  return at >= subtractDuration(now, OLDEST, zone)
    ? null
    : badInput(field, `\`${formatInstant(at)}\` is more than ten years back; give a later time`);
}

function duration(text: string): IsoDuration {
  const parsed = parseDuration(text);
  if (parsed === null) throw new RangeError(`not a duration: ${text}`);
  return parsed;
}

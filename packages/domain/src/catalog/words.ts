import { z } from 'zod';
import {
  type AddOnKey,
  type FeatureKey,
  parseAddOnKey,
  parseFeatureKey,
  parsePlanFamily,
  parsePlanKey,
  type PlanFamily,
  type PlanKey,
} from '../ids.js';
import { addDuration } from '../time/calendar.js';
import {
  instant,
  type Instant,
  type IsoDuration,
  parseDuration,
  parseInstant,
  parseTimeZone,
  type TimeZone,
} from '../time/instant.js';
import type { Threshold } from './catalog.js';

/** The smallest pieces of the catalog language: texts and numbers that mean something. */

function word<T>(parse: (text: string) => T | null, expected: string): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `\`${text}\` is not ${expected}` });
    return z.NEVER;
  });
}

const A_KEY = 'a key: a lower-case letter, then at most 62 lower-case letters, digits or hyphens';

export const featureKey: z.ZodType<FeatureKey, string> = word(parseFeatureKey, A_KEY);
export const planKey: z.ZodType<PlanKey, string> = word(parsePlanKey, A_KEY);
export const addOnKey: z.ZodType<AddOnKey, string> = word(parseAddOnKey, A_KEY);
export const planFamily: z.ZodType<PlanFamily, string> = word(parsePlanFamily, A_KEY);
export const duration: z.ZodType<IsoDuration, string> = word(
  parseBoundedDuration,
  'a positive ISO 8601 duration such as `P1M` or `PT5M`, from a second to a century',
);

/** What is shorter or longer is a slip, and would cost millions of steps, or leave the calendar. */
function parseBoundedDuration(text: string): IsoDuration | null {
  const parsed = parseDuration(text);
  if (parsed === null || !/^P[^.,]*$/.test(text) || /\d{6}/.test(text)) return null;
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  const start = instant(Date.UTC(2000, 0, 1));
  return addDuration(start, parsed, zone) <= instant(Date.UTC(2100, 0, 1)) ? parsed : null;
}
export const instantText: z.ZodType<Instant, string> = word(
  parseInstant,
  'an RFC 3339 time or date such as `2026-01-15T12:00:00Z`',
);
export const timeZone: z.ZodType<TimeZone, string> = word(
  parseTimeZone,
  'an IANA time zone such as `Europe/Berlin`',
);

/** A name for people. */
export const name = z.string().min(1).max(200);

export const quantity = z
  .number('a whole number is expected')
  .refine(
    (value) => Number.isSafeInteger(value) && value >= 0,
    'a quantity is a whole number from 0 to 2^53-1',
  );

/** A whole number or `unlimited`; null stands for unlimited. */
export const limit = z.union([quantity, z.literal('unlimited').transform(() => null)], {
  error: 'a limit is a whole number from 0 to 2^53-1, or `unlimited`',
});

/** `10%` or whole units. */
export const threshold: z.ZodType<Threshold, string | number> = z.union(
  [
    z
      .string()
      .regex(/^\d{1,4}(\.\d+)?%$/)
      .transform((text) => ({ percent: Number(text.slice(0, -1)) })),
    quantity.transform((units) => ({ units })),
  ],
  { error: 'a share such as `80%` or a whole number of units is expected' },
);

/** One, or a list of at least one. */
export function oneOrMore<T extends z.ZodType>(item: T) {
  return z.preprocess((value): unknown => (Array.isArray(value) ? value : [value]), z.array(item).min(1));
}

import { z } from 'zod';
import {
  type AddOnKey,
  type FeatureKey,
  parseAddOnKey,
  parseFeatureKey,
  parseMemberId,
  type MemberId,
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
import { described } from './plain-words.js';
import { knownKeysMessage } from './shape.js';

/** The smallest pieces of the catalog language: texts and numbers that mean something. */

function word<T>(parse: (text: string) => T | null, expected: string): z.ZodType<T, string> {
  const wrong = (input: unknown): string => `${described(input)} is not ${expected}`;
  const text = z.string({ error: ({ input }) => (input === undefined ? undefined : wrong(input)) });
  return text.transform((given, context) => {
    const value = parse(given);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: wrong(given) });
    return z.NEVER;
  });
}

const A_KEY = 'a key; write a lower-case letter, then at most 62 lower-case letters, digits or hyphens';

export const featureKey: z.ZodType<FeatureKey, string> = word(parseFeatureKey, A_KEY);
export const planKey: z.ZodType<PlanKey, string> = word(parsePlanKey, A_KEY);
export const addOnKey: z.ZodType<AddOnKey, string> = word(parseAddOnKey, A_KEY);
export const planFamily: z.ZodType<PlanFamily, string> = word(parsePlanFamily, A_KEY);
export const duration: z.ZodType<IsoDuration, string> = word(
  parseBoundedDuration,
  'a duration; write ISO 8601 such as `P1M` or `PT5M`, from a second to a century',
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
export const memberId: z.ZodType<MemberId, string> = word(
  parseMemberId,
  'a member id; write 1 to 255 characters, none of them a control character',
);
export const instantText: z.ZodType<Instant, string> = word(
  parseInstant,
  'a time; write RFC 3339 such as `2026-01-15T12:00:00Z`, or a date',
);
export const timeZone: z.ZodType<TimeZone, string> = word(
  parseTimeZone,
  'a time zone; write an IANA name such as `Europe/Berlin`',
);

/** A mapping with these keys and no others; `form` is said where something else than a mapping is given. */
export function strict<S extends z.core.$ZodLooseShape>(shape: S, form?: string) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? knownKeysMessage(Object.keys(shape)) : form),
  });
}

/** One of several forms; `expected` says which, where the value is of none. */
export function oneForm<const Forms extends readonly z.ZodType[]>(forms: Forms, expected: string) {
  return z.union(forms, {
    error: ({ input }) =>
      input === undefined ? undefined : `${described(input)} stands here; ${expected} is expected`,
  });
}

/** A name for people. */
export const name = z.string().min(1).max(200);

export const quantity = z
  .number({ error: ({ input }) => (input === undefined ? undefined : notAQuantity(input)) })
  .refine((value) => Number.isSafeInteger(value) && value >= 0, {
    error: ({ input }) => notAQuantity(input),
  });

function notAQuantity(input: unknown): string {
  return `${described(input)} stands here; a whole number from 0 to 2^53-1 is expected`;
}

/** The two forms of a limit: a whole number or `unlimited`; null stands for unlimited. */
export const limitForms = [quantity, z.literal('unlimited').transform(() => null)] as const;

export const limit = oneForm(limitForms, 'a whole number from 0 to 2^53-1 or `unlimited`');

const A_SHARE = 'a share such as `80%` or a whole number of units';

/** `10%` or whole units. */
export const threshold: z.ZodType<Threshold, string | number> = oneForm(
  [
    z
      .string()
      .regex(/^\d{1,4}(\.\d+)?%$/, {
        error: ({ input }) => `${described(input)} stands here; ${A_SHARE} is expected`,
      })
      .transform((text) => ({ percent: Number(text.slice(0, -1)) })),
    quantity.transform((units) => ({ units })),
  ],
  A_SHARE,
);

/** One, or a list of at least one. */
export function oneOrMore<T, Input>(item: z.ZodType<T, Input>) {
  return oneForm([item.transform((value): T[] => [value]), z.array(item).min(1)], 'a key or a list of keys');
}

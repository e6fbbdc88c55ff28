import fc from 'fast-check';

/** What the actions of all nouns are made of. */

/** By how often they come. */
export type Weighted<Made> = readonly (readonly [number, fc.Arbitrary<Made>])[];

/** A time relative to the history: near something that is due, or so many minutes from the present. */
export type When =
  { readonly near: number; readonly milliseconds: -1 | 0 | 1 } | { readonly minutes: number };

/** In minutes. */
export const DAY = 24 * 60;

export const keys = <Key extends string>(of: Readonly<Record<Key, unknown>>): fc.Arbitrary<Key> =>
  fc.constantFrom(...(Object.keys(of) as Key[]));

/** Picks among what there is. */
export const which = fc.nat(3);

export const days = (max: number): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max }).map((many) => many * DAY);

export const when: fc.Arbitrary<When> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ near: fc.nat(3), milliseconds: fc.constantFrom<-1 | 0 | 1>(0, -1, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ minutes: fc.oneof(fc.integer({ min: 1, max: 600 }), days(45), days(400)) }),
  },
);

/** Of customers: on both sides of the date line, with and without half hours and clock changes. */
export const zone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Pacific/Apia',
  'Asia/Kolkata',
);

/** So many times the plain one for each of the other. */
export const mostly = <T>(weight: number, plain: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: plain }, { weight: 1, arbitrary: other });

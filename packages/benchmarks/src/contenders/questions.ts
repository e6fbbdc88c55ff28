import { customerName } from '../seed/tenant.js';

/** What every contender is asked in turn: another customer and another feature each time, one in ten a denial. */
export interface Question {
  readonly customer: string;
  readonly feature: string;
  readonly quantity: number;
}

export const FEATURES = ['calls-03', 'calls-04', 'calls-05', 'calls-06'];
/** A thousand, or as many as the race says. */
export const CUSTOMERS = Array.from(
  { length: Number(process.env['LICET_BENCH_CUSTOMERS'] ?? 1000) },
  (_, index) => customerName(index + 1),
);
export const LIMIT = 1000;

/** Units used by the customer at this place of CUSTOMERS, of each of the features. */
export function usedBy(place: number): number {
  return place % 10 === 9 ? LIMIT : place % LIMIT;
}

const COUNT = 4000;

/** Of a thousand customers all different, and so ordered that neighbours have nothing in common. */
export const QUESTIONS: readonly Question[] = Array.from({ length: COUNT }, (_, index) => {
  const place = placeOf(index);
  return { customer: CUSTOMERS[place] ?? '', feature: featureOf(index), quantity: quantityOf(index) };
});

function placeOf(index: number): number {
  return (index * 389) % CUSTOMERS.length;
}

/** Each time around the customers, each is asked about another one. */
function featureOf(index: number): string {
  return FEATURES[(index + Math.floor(index / (COUNT / FEATURES.length))) % FEATURES.length] ?? '';
}

/** 1 to 3 units: each has to be compared with the counter. */
function quantityOf(index: number): number {
  return 1 + (index % 3);
}

/** The sum of what `of` gives for so many questions, reckoned without asking. */
export function expectedSum(calls: number, of: (used: number, quantity: number) => number): number {
  let round = 0;
  for (let index = 0; index < QUESTIONS.length; index += 1)
    round += of(usedBy(placeOf(index)), quantityOf(index));
  let rest = 0;
  for (let index = 0; index < calls % QUESTIONS.length; index += 1)
    rest += of(usedBy(placeOf(index)), quantityOf(index));
  return Math.floor(calls / QUESTIONS.length) * round + rest;
}

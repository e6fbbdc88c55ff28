const PARTS = 1_000_000_000;
const WHOLE = BigInt(100 * PARTS);

/**
 * So many percent of a limit, rounded down. Reckoned in whole numbers: as a floating-point product 0.57 % of 10,000
 * is less than 57. Counts nine decimals of the percentage.
 */
export function shareOf(limit: number, percent: number): number {
  return Number(partsOf(limit, percent) / WHOLE);
}

/** The least number of units that is so many percent of a limit, or more. */
export function leastOfShare(limit: number, percent: number): number {
  return Number((partsOf(limit, percent) + WHOLE - 1n) / WHOLE);
}

function partsOf(limit: number, percent: number): bigint {
  return BigInt(limit) * BigInt(Math.round(percent * PARTS));
}

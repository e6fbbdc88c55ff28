const PARTS = 1_000_000_000;

/**
 * So many percent of a limit, rounded down. Reckoned in whole numbers: as a floating-point product 0.57 % of 10,000
 * is less than 57. Counts nine decimals of the percentage.
 */
export function shareOf(limit: number, percent: number): number {
  return Number((BigInt(limit) * BigInt(Math.round(percent * PARTS))) / BigInt(100 * PARTS));
}

import type { TenantId } from '@licet/domain';
import { z } from 'zod';
import type { Program } from '../processes/program.js';

/** `consume`: one unit at a time. `pairs`: some are reserved, then committed. `records`: lists of usage events. `renewals`: each caller leases one seat, again and again. */
export type SpendWork = 'consume' | 'pairs' | 'records' | 'renewals';

/** As many as `recordUsage` takes. */
export const RECORDS_IN_LIST = 1_000;

export interface SpendOrder {
  readonly url: string;
  readonly tenantId: TenantId;
  readonly work: SpendWork;
  /** Each with one request, one pair or one list at a time. */
  readonly callers: number;
  /** Customers 1 to this are spent for, at random. */
  readonly counters: number;
  readonly seconds: number;
  /** Makes the idempotency keys, too: no two orders of one database may have the same. */
  readonly seed: number;
}

/** Both ends are compiled together, so a look is enough to tell an order from another question. */
export function isSpendOrder(input: unknown): input is SpendOrder {
  return typeof input === 'object' && input !== null && 'tenantId' in input && 'callers' in input;
}

/** `done`: spends, pairs, records or renewals, all of them granted. `units`: what they have counted together. */
const spendReport = z.strictObject({ done: z.number(), units: z.number(), seconds: z.number() });
export type SpendReport = z.infer<typeof spendReport>;

/** Has a process (`load/spender`) spend for a while; rejects when a verdict is wrong. */
export async function askSpend(spender: Program, order: SpendOrder): Promise<SpendReport> {
  return spendReport.parse(await spender.ask('spend', order));
}

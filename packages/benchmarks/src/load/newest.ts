import type { TenantId } from '@licet/domain';
import { z } from 'zod';
import type { Program } from '../processes/program.js';

/** The newest decisions of one customer after the other. */
export interface NewestOrder {
  /** `log`: of the storage layer. `rows`: of the table with a row for each decision. */
  readonly from: 'log' | 'rows';
  readonly url: string;
  readonly tenantId: TenantId;
  /** By name. */
  readonly customers: readonly string[];
  /** So many of each. */
  readonly most: number;
}

/** Both ends are compiled together, so a look is enough to tell an order from another question. */
export function isNewestOrder(input: unknown): input is NewestOrder {
  return typeof input === 'object' && input !== null && 'from' in input && 'customers' in input;
}

/** Of each customer: the milliseconds that it took, and the decisions' ids, newest first. */
const newestReport = z.strictObject({ times: z.array(z.number()), ids: z.array(z.array(z.string())) });
export type NewestReport = z.infer<typeof newestReport>;

/** Has a process (`load/decision-reader`) ask for them. */
export async function askNewest(reader: Program, order: NewestOrder): Promise<NewestReport> {
  return newestReport.parse(await reader.ask('newest', order));
}

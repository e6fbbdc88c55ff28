import { z } from 'zod';
import type { Program } from '../processes/program.js';

const sdkSpendOrder = z.strictObject({
  url: z.string(),
  apiKey: z.string(),
  customerId: z.string(),
  /** One after the other. */
  spends: z.number(),
  isLeased: z.boolean(),
});
export type SdkSpendOrder = z.infer<typeof sdkSpendOrder>;
export const parseSdkSpendOrder = (input: unknown): SdkSpendOrder => sdkSpendOrder.parse(input);

/** `requests`: those of the spends; the client's start and end are none of theirs. */
const sdkSpendReport = z.strictObject({ seconds: z.number(), requests: z.number() });
export type SdkSpendReport = z.infer<typeof sdkSpendReport>;

/** Has a process (`load/sdk-spender`) spend; rejects when an answer is wrong. */
export async function askSdkSpend(spender: Program, order: SdkSpendOrder): Promise<SdkSpendReport> {
  return sdkSpendReport.parse(await spender.ask('spend', order));
}

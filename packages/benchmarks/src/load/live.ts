import { z } from 'zod';
import type { Program } from '../processes/program.js';

/** The same clock in every process of a machine, in milliseconds. */
export function machineClock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const openOrder = z.strictObject({ url: z.string(), apiKey: z.string(), customers: z.number() });
export type OpenOrder = z.infer<typeof openOrder>;
export const parseOpenOrder = (input: unknown): OpenOrder => openOrder.parse(input);

const received = z.array(z.strictObject({ id: z.string(), at: z.number() }));
/** What has come in: the change's id (its revision), and when. */
export type Received = z.infer<typeof received>;

/** Opens a socket for each of the customers 1 to `customers`; resolves when each has had its first message. */
export async function openSubscribers(program: Program, order: OpenOrder): Promise<void> {
  await program.ask('open', order);
}

/** Waits until so many changes have come in, and forgets them. */
export async function takeReceived(program: Program, count: number): Promise<Received> {
  return received.parse(await program.ask('take', count));
}

const changeOrder = z.strictObject({
  url: z.string(),
  tenantId: z.string(),
  customers: z.number(),
  perSecond: z.number(),
  seconds: z.number(),
  /** Makes idempotency keys: no two orders may have the same. */
  run: z.number(),
});
export type ChangeOrder = z.infer<typeof changeOrder>;
export const parseChangeOrder = (input: unknown): ChangeOrder => changeOrder.parse(input);

const made = z.array(z.strictObject({ id: z.string(), calledAt: z.number(), committedAt: z.number() }));
/** The changes made: when they were asked for, and when they were known to be committed. */
export type Made = z.infer<typeof made>;

/** Changes at an even pace, whether or not earlier ones are done. */
export async function makeChanges(program: Program, order: ChangeOrder): Promise<Made> {
  return made.parse(await program.ask('change', order));
}

import {
  formatInstant,
  type Instant,
  type Span,
  type TenantId,
  type Threshold,
  thresholdText,
} from '@licet/domain';
import type { Statement, Transaction, Writes } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import { textArray } from '../mapping/array-literal.js';
import { meterId, type MeterKey } from '../repositories/meters.js';
import { customerEvent } from '../repositories/told-of.js';
import type { Decided } from './batch.js';

/** A counter that a spend has brought to a threshold of its feature, and who spent. */
export interface ReachedThreshold {
  readonly key: MeterKey;
  readonly subject: string;
  readonly threshold: Threshold;
  readonly used: number;
  readonly limit: number | null;
  readonly window: Span | null;
  readonly caller: Caller;
}

/** One that is told once in its window. */
type Windowed = ReachedThreshold & { readonly window: Span };

/**
 * Adds an event for each threshold that was reached. INVARIANT (once per window): what has been told in the running
 * window is read under the counter's lock. It is asked for only where a threshold is reached, which is seldom; where
 * the limit has moved, that may be once more. A level has no window: each time that it rises so far is told.
 */
export async function tellThresholds(
  transaction: Transaction,
  decided: Writes<Decided>,
  clock: Instant,
): Promise<Writes<Decided>> {
  const { reached } = decided.value;
  if (reached.length === 0) return decided;
  const told = await toldThresholds(transaction, reached.filter(isWindowed));
  const fresh = reached.filter((one) => !told.has(nameOf(one)));
  return {
    ...decided,
    statements: [...decided.statements, ...insertThresholds(transaction.tenantId, fresh.filter(isWindowed))],
    // Before the batch's own, whose position is its revision.
    events: [...fresh.map((one) => eventOf(one, clock)), ...decided.events],
  };
}

function isWindowed(one: ReachedThreshold): one is Windowed {
  return one.window !== null;
}

function nameOf({ key, threshold }: ReachedThreshold): string {
  return `${thresholdText(threshold)} ${meterId(key.customerId, key.feature)}`;
}

interface ToldRow {
  readonly customer_id: string;
  readonly feature: string;
  readonly threshold: string;
}

async function toldThresholds(
  transaction: Transaction,
  reached: readonly Windowed[],
): Promise<ReadonlySet<string>> {
  if (reached.length === 0) return new Set();
  const rows = await transaction.query<ToldRow>({
    name: 'told-thresholds',
    text: `select customer_id, feature, threshold
           from unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) r(customer_id, feature, window_start, threshold)
           join meter_threshold t using (customer_id, feature, window_start, threshold) where t.tenant_id = $1`,
    values: columnsOf(transaction.tenantId, reached),
  });
  return new Set(rows.map((row) => `${row.threshold} ${meterId(row.customer_id, row.feature)}`));
}

function insertThresholds(tenantId: TenantId, reached: readonly Windowed[]): Statement[] {
  if (reached.length === 0) return [];
  return [
    {
      name: 'insert-thresholds',
      text: `insert into meter_threshold (tenant_id, customer_id, feature, window_start, threshold)
             select $1, * from unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[])`,
      values: columnsOf(tenantId, reached),
    },
  ];
}

function columnsOf(tenantId: TenantId, reached: readonly Windowed[]): unknown[] {
  return [
    tenantId,
    textArray(reached.map(({ key }) => key.customerId)),
    textArray(reached.map(({ key }) => key.feature)),
    textArray(reached.map(({ window }) => formatInstant(window.start))),
    textArray(reached.map(({ threshold }) => thresholdText(threshold))),
  ];
}

function eventOf(
  { key, subject, threshold, used, limit, window, caller }: ReachedThreshold,
  at: Instant,
): NewEvent {
  const { customerId, feature } = key;
  return customerEvent(
    { type: 'usage.threshold_reached', at, feature, threshold, used, limit, window },
    { id: customerId, subject },
    { reason: null, ...caller },
    at,
  );
}

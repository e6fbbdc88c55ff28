import type { UsageCorrectedData } from '@licet/api-types';
import {
  formatInstant,
  type Instant,
  instant,
  type KnownState,
  type Neighbours,
  pastWindow,
  type Span,
  type TenantId,
} from '@licet/domain';
import type { Statement, Transaction } from '../connection/transaction.js';
import type { NewEvent } from '../event-log/append.js';
import { textArray } from '../mapping/array-literal.js';
import { INSERT_WINDOWS, writeRows } from '../repositories/account-rows.js';
import { meterId, type MeterKey } from '../repositories/meters.js';
import type { LockedMeters } from './counter-rows.js';
import type { Asked } from './request.js';

/** What is kept of the time in which late usage was used. */
export interface Past {
  /** Null: nothing was used then, so nothing is kept. */
  readonly closed: { readonly window: Span; readonly used: number } | null;
  /** Where the last kept window before it ends. */
  readonly after: Instant | null;
  /** Where the next one begins, the running one at the latest. */
  readonly before: Instant;
}

interface PastRow {
  readonly place: number;
  readonly window_start: Date | null;
  readonly window_end: Date | null;
  readonly used: number | null;
  readonly after: Date | null;
  readonly before: Date | null;
}

/**
 * For each request that counts what was used, or held, before its counter's window: what is kept of that time. Closed windows are
 * written under the counter's lock, which is held.
 */
export async function pastWindows(
  transaction: Transaction,
  asked: readonly Asked[],
  keys: readonly MeterKey[],
  { meters }: LockedMeters,
  countsAt: (asked: Asked) => Instant | null,
): Promise<ReadonlyMap<Asked, Past>> {
  const late = lateIn(asked, keys, meters, countsAt);
  if (late.length === 0) return new Map();
  const rows = await transaction.query<PastRow>({
    name: 'past-windows',
    text: `select r.place, w.window_start, w.window_end, w.used,
             (select max(b.window_end) from meter_window b where b.tenant_id = $1 and b.customer_id = r.customer_id
                and b.feature = r.feature and b.window_end <= r.at) as after,
             (select min(b.window_start) from meter_window b where b.tenant_id = $1 and b.customer_id = r.customer_id
                and b.feature = r.feature and b.window_start > r.at) as before
           from unnest($2::text[], $3::text[], $4::timestamptz[]) with ordinality r(customer_id, feature, at, place)
           left join meter_window w on w.tenant_id = $1 and w.customer_id = r.customer_id and w.feature = r.feature
             and w.window_start <= r.at and r.at < w.window_end`,
    values: [
      transaction.tenantId,
      textArray(late.map(({ asked: { request } }) => request.customerId)),
      textArray(late.map(({ asked: { request } }) => request.feature)),
      textArray(late.map(({ at }) => formatInstant(at))),
    ],
  });
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  return new Map(
    late.flatMap(({ asked: one, start }, index) => {
      const row = byPlace.get(index + 1);
      return row ? [[one, pastOf(row, start)] as const] : [];
    }),
  );
}

interface Late {
  readonly asked: Asked;
  readonly at: Instant;
  /** Of the running window. */
  readonly start: Instant;
}

function lateIn(
  asked: readonly Asked[],
  keys: readonly MeterKey[],
  meters: LockedMeters['meters'],
  countsAt: (asked: Asked) => Instant | null,
): readonly Late[] {
  // Most batches have none that was used before any of the windows began.
  const latest = meters.reduce((last, meter) => Math.max(last, meter?.window?.start ?? -Infinity), -Infinity);
  const timed = asked.filter((one) => {
    const at = countsAt(one);
    return at !== null && at < latest;
  });
  if (timed.length === 0) return [];
  const starts = new Map<string, Instant | undefined>();
  keys.forEach(({ customerId, feature }, place) =>
    starts.set(meterId(customerId, feature), meters[place]?.window?.start),
  );
  return timed.flatMap((one) => {
    const start = starts.get(one.meterId);
    const at = countsAt(one);
    return at !== null && start !== undefined && at < start ? [{ asked: one, at, start }] : [];
  });
}

function pastOf(row: PastRow, start: Instant): Past {
  const { window_start: from, window_end: to, used } = row;
  return {
    closed:
      from === null || to === null || used === null
        ? null
        : { window: { start: instant(from.getTime()), end: instant(to.getTime()) }, used },
    after: row.after && instant(row.after.getTime()),
    before: row.before ? instant(row.before.getTime()) : start,
  };
}

/** A closed window as a batch leaves it. */
interface CorrectedWindow {
  readonly key: MeterKey;
  readonly subject: string;
  readonly window: Span;
  readonly used: number;
  /** Of it, what the batch adds. */
  readonly added: number;
}

export interface LateUsage {
  readonly key: MeterKey;
  readonly subject: string;
  readonly state: KnownState;
  readonly at: Instant;
}

/** Late usage of one batch, by the windows that it belongs to. */
export class Corrections {
  readonly #corrected = new Map<string, CorrectedWindow>();

  /** The window that late usage counts in, with what the batch has added to it before. */
  windowOf(late: LateUsage, { closed, ...neighbours }: Past): CorrectedWindow {
    const { key, subject } = late;
    const window = closed?.window ?? unusedWindow(late, neighbours);
    const known = this.#corrected.get(nameOf({ key, window }));
    return known ?? { key, subject, window, used: closed?.used ?? 0, added: 0 };
  }

  add(corrected: CorrectedWindow, quantity: number): void {
    const { used, added } = corrected;
    this.#corrected.set(nameOf(corrected), {
      ...corrected,
      used: used + quantity,
      added: added + quantity,
    });
  }

  statements(tenantId: TenantId): Statement[] {
    const rows = [...this.#corrected.values()].map(({ key, window, added }) => {
      return { window, used: added, ...key };
    });
    return writeRows(tenantId, INSERT_WINDOWS, rows);
  }

  /** `batch`: the summary of the batch, of which each correction has actor, request and time. */
  events(batch: NewEvent): NewEvent[] {
    return [...this.#corrected.values()].map(({ key, subject, window, used, added }) => {
      const data: UsageCorrectedData = {
        feature: key.feature,
        windowStart: formatInstant(window.start),
        windowEnd: formatInstant(window.end),
        used,
        added,
      };
      const { actor, reason, requestId, at, recordedAt } = batch;
      return {
        type: 'usage.corrected',
        subjectType: 'usage',
        subjectId: key.feature,
        customer: { id: key.customerId, subject },
        actor,
        reason,
        requestId,
        at,
        recordedAt,
        data: { ...data },
        listed: true,
      };
    });
  }
}

function nameOf({ key, window }: Pick<CorrectedWindow, 'key' | 'window'>): string {
  return `${String(window.start)} ${meterId(key.customerId, key.feature)}`;
}

function unusedWindow({ key, state, at }: LateUsage, neighbours: Neighbours): Span {
  const feature = state.release.catalog.features.get(key.feature);
  if (feature?.type !== 'METERED') throw new Error('only METERED features have windows');
  return pastWindow(feature, state.account, at, neighbours);
}

import type { Pool } from 'pg';

/** One counter as the log, read alone, has left it. */
export interface ReplayedCounter {
  readonly used: number;
  readonly reserved: number;
  /** Each write of a counter has a higher one. */
  readonly version: number;
}

export interface ClosedWindow {
  readonly used: number;
  /** What was used and held when it was closed: late commits cannot bring it beyond. */
  readonly most: number;
}

/** Units that were lent, to a caller or as the budget of a licence file. */
export interface ReplayedLease {
  readonly counter: string;
  readonly quantity: number;
  /** SPENT: by time alone; RETURNED: it was told, also later, how many of them were spent. */
  readonly status: 'OPEN' | 'SPENT' | 'RETURNED';
  /** Null: nobody has told. */
  readonly spent: number | null;
  /** In a window that was closed while it was lent, and that counts all of it. */
  readonly isClosed: boolean;
}

/** What must not be in a log: where it is, and what is wrong there. */
export interface Finding {
  readonly position: number;
  readonly counter: string;
  readonly found: string;
}

export interface Replay {
  /** Spends beyond the limit that held at their position. */
  readonly beyond: readonly Finding[];
  /** Entries that do not follow from those before them. */
  readonly broken: readonly Finding[];
  /** By `<subject> <feature>`. */
  readonly counters: ReadonlyMap<string, ReplayedCounter>;
  /** By `<subject> <feature> <start>`. */
  readonly closed: ReadonlyMap<string, ClosedWindow>;
  /** By id. */
  readonly leases: ReadonlyMap<string, ReplayedLease>;
  /** By entry id: how many units each batch has counted, in windows that run or are closed. */
  readonly batches: ReadonlyMap<string, { readonly operations: number; readonly units: number }>;
}

/** Null: unlimited. */
export type LimitOf = (plan: string | undefined, feature: string) => number | null;

interface WindowData {
  readonly feature: string;
  readonly windowStart: string;
  readonly used: number;
}

interface RecordedData {
  readonly operations: number;
  readonly meters: readonly (ReplayedCounter & { readonly subject: string; readonly feature: string })[];
}

interface ExpiredData {
  readonly feature: string;
  readonly quantity: number;
  readonly reserved: number | null;
}

interface LeasedData {
  readonly lease: string;
  readonly feature: string;
  readonly quantity: number;
}

/** Null: the window is over, and has it in what it was closed with. */
interface LeaseExpiredData extends ExpiredData {
  readonly lease: string;
  readonly used: number | null;
}

/** Where the counter stands then is told by `usage.recorded`. */
interface LeaseReturnedData extends LeasedData {
  readonly spent: number;
  readonly late: boolean;
}

interface PlanData {
  readonly after: { readonly plan: string };
}

type Entry = { readonly position: number; readonly entry: string; readonly subject: string } & (
  | { readonly type: 'subscription.started' | 'subscription.plan_changed'; readonly data: PlanData }
  | { readonly type: 'usage.recorded'; readonly data: RecordedData }
  | { readonly type: 'usage.window_closed'; readonly data: WindowData }
  | { readonly type: 'usage.corrected'; readonly data: WindowData & { readonly added: number } }
  | { readonly type: 'usage.reservation_expired'; readonly data: ExpiredData }
  | { readonly type: 'quota.leased'; readonly data: LeasedData }
  | { readonly type: 'quota.returned'; readonly data: LeaseReturnedData }
  | { readonly type: 'quota.expired'; readonly data: LeaseExpiredData }
);

/**
 * Follows hard limits of customers with one subscription through the log, and reads nothing else. Usage that is
 * recorded after the fact may pass a limit, and is not told apart here.
 */
export async function replayLog(owner: Pool, limitOf: LimitOf): Promise<Replay> {
  const { rows } = await owner.query<Entry>(
    `select position::int, type, subject_id as entry, body ->> 'customer' as subject, body -> 'data' as data
     from (select position, type, subject_id, convert_from(body, 'UTF8')::jsonb as body from event
           where type in ('subscription.started', 'subscription.plan_changed', 'usage.recorded', 'usage.window_closed',
                          'usage.corrected', 'usage.reservation_expired', 'quota.leased', 'quota.returned',
                          'quota.expired')) e order by position`,
  );
  const log = new ReplayedLog(limitOf);
  for (const entry of rows) log.follow(entry);
  return log;
}

const UNUSED: ReplayedCounter = { used: 0, reserved: 0, version: 0 };

class ReplayedLog implements Replay {
  readonly beyond: Finding[] = [];
  readonly broken: Finding[] = [];
  readonly counters = new Map<string, ReplayedCounter>();
  readonly closed = new Map<string, ClosedWindow>();
  readonly leases = new Map<string, ReplayedLease>();
  readonly batches = new Map<string, { operations: number; units: number }>();
  readonly #plans = new Map<string, string>();
  readonly #limitOf: LimitOf;
  /** Corrections stand before the entry of their batch. */
  #corrected = 0;

  constructor(limitOf: LimitOf) {
    this.#limitOf = limitOf;
  }

  follow(entry: Entry): void {
    switch (entry.type) {
      case 'subscription.started':
      case 'subscription.plan_changed':
        this.#plans.set(entry.subject, entry.data.after.plan);
        return;
      case 'usage.recorded':
        this.#count(entry, entry.data);
        return;
      case 'usage.window_closed':
        this.#close(entry, entry.data);
        return;
      case 'usage.corrected':
        this.#correct(entry, entry.data);
        return;
      case 'usage.reservation_expired':
        this.#expire(entry, entry.data);
        return;
      case 'quota.leased':
        this.#lend(entry, entry.data);
        return;
      case 'quota.returned':
        this.#return(entry, entry.data);
        return;
      case 'quota.expired':
        this.#spend(entry, entry.data);
    }
  }

  #count({ position, entry }: Entry, { meters, operations }: RecordedData): void {
    let units = this.#corrected;
    this.#corrected = 0;
    for (const { subject, feature, used, reserved, version } of meters) {
      const counter = `${subject} ${feature}`;
      const before = this.counters.get(counter) ?? UNUSED;
      if (version <= before.version || used < 0 || reserved < 0)
        this.broken.push({
          ...{ position, counter },
          found: `${textOf({ used, reserved, version })} after ${textOf(before)}`,
        });
      const limit = this.#limitOf(this.#plans.get(subject), feature);
      const rises = used + reserved > before.used + before.reserved;
      if (rises && limit !== null && used + reserved > limit)
        this.beyond.push({
          ...{ position, counter },
          found: `${textOf({ used, reserved, version })} of ${String(limit)}`,
        });
      units += used - before.used;
      this.counters.set(counter, { used, reserved, version });
    }
    this.batches.set(entry, { operations, units });
  }

  #close({ position, subject }: Entry, { feature, windowStart, used }: WindowData): void {
    const counter = `${subject} ${feature}`;
    const before = this.counters.get(counter) ?? UNUSED;
    // What is lent in a window counts there as spent.
    let lent = 0;
    for (const [id, lease] of this.leases) {
      if (lease.counter !== counter || lease.status !== 'OPEN' || lease.isClosed) continue;
      lent += lease.quantity;
      this.leases.set(id, { ...lease, isClosed: true });
    }
    if (used !== before.used + lent)
      this.broken.push({
        ...{ position, counter },
        found: `closed with ${String(used)} after ${textOf(before)}, ${String(lent)} of it lent`,
      });
    this.closed.set(`${counter} ${windowStart}`, { used, most: used + before.reserved - lent });
    this.counters.set(counter, { used: 0, reserved: 0, version: before.version });
  }

  #correct(
    { position, subject }: Entry,
    { feature, windowStart, used, added }: WindowData & { readonly added: number },
  ): void {
    const counter = `${subject} ${feature} ${windowStart}`;
    const before = this.closed.get(counter) ?? { used: 0, most: 0 };
    const found = `${String(used)}, ${String(added)} of it added to ${String(before.used)} of ${String(before.most)}`;
    if (used !== before.used + added) this.broken.push({ position, counter, found });
    if (used > before.most) this.beyond.push({ position, counter, found });
    this.closed.set(counter, { used, most: before.most });
    this.#corrected += added;
  }

  #expire({ position, subject }: Entry, { feature, quantity, reserved }: ExpiredData): void {
    // The window that held it is over.
    if (reserved === null) return;
    const counter = `${subject} ${feature}`;
    const before = this.counters.get(counter) ?? UNUSED;
    if (reserved !== before.reserved - quantity)
      this.broken.push({
        ...{ position, counter },
        found: `${String(reserved)} held when ${String(quantity)} expired after ${textOf(before)}`,
      });
    this.counters.set(counter, { ...before, reserved });
  }

  #lend({ position, subject }: Entry, { lease, feature, quantity }: LeasedData): void {
    const counter = `${subject} ${feature}`;
    if (this.leases.has(lease)) this.broken.push({ position, counter, found: `${lease} is lent twice` });
    this.leases.set(lease, { counter, quantity, status: 'OPEN', spent: null, isClosed: false });
  }

  /** Once, in time or late; the budget of a licence file when that is settled. */
  #return({ position }: Entry, { lease, quantity, spent, late }: LeaseReturnedData): void {
    const before = this.#end(position, lease, quantity, late ? 'SPENT' : 'OPEN');
    if (before === null) return;
    if (spent > quantity)
      this.broken.push({
        ...{ position, counter: before.counter },
        found: `${String(spent)} of ${String(quantity)} spent of ${lease}`,
      });
    this.leases.set(lease, { ...before, status: 'RETURNED', spent });
  }

  /** The lease, as it must be before it ends so. */
  #end(
    position: number,
    id: string,
    quantity: number,
    status: ReplayedLease['status'],
  ): ReplayedLease | null {
    const lease = this.leases.get(id) ?? null;
    if (lease?.status !== status || lease.quantity !== quantity)
      this.broken.push({
        ...{ position, counter: lease?.counter ?? id },
        found: `${id} of ${String(quantity)} ends as if ${status} after ${JSON.stringify(lease)}`,
      });
    return lease;
  }

  /** What was lent is spent: the sum stays. */
  #spend({ position, subject }: Entry, { lease, feature, quantity, used, reserved }: LeaseExpiredData): void {
    const lent = this.#end(position, lease, quantity, 'OPEN');
    if (lent !== null) this.leases.set(lease, { ...lent, status: 'SPENT' });
    if (used === null || reserved === null) return;
    const counter = `${subject} ${feature}`;
    const before = this.counters.get(counter) ?? UNUSED;
    if (reserved !== before.reserved - quantity || used !== before.used + quantity)
      this.broken.push({
        ...{ position, counter },
        found: `${String(used)} used and ${String(reserved)} held when ${String(quantity)} lent were spent after ${textOf(before)}`,
      });
    this.counters.set(counter, { ...before, used, reserved });
  }
}

function textOf({ used, reserved, version }: ReplayedCounter): string {
  return `${String(used)} used and ${String(reserved)} held in version ${String(version)}`;
}

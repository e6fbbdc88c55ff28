import type { Pool } from 'pg';
import type { Finding } from './replay.js';

/** Pools of seats as the log, read alone, has left them. */
export interface SeatsReplay {
  /** Seats that were taken beyond the limit at their position. */
  readonly beyond: readonly Finding[];
  /** Entries that do not follow from those before them. */
  readonly broken: readonly Finding[];
  /** By `<subject> <feature>`: the ids of the seats that are taken. */
  readonly pools: ReadonlyMap<string, ReadonlySet<string>>;
  readonly counts: Readonly<Record<SeatEntry['type'], number>>;
}

interface SeatData {
  readonly id: string;
  readonly feature: string;
  readonly memberId: string;
  readonly leaseExpiresAt: string | null;
}

interface SeatEntry {
  readonly position: number;
  readonly type: 'seat.assigned' | 'seat.released' | 'seat.expired' | 'seat.freed';
  readonly subject: string;
  readonly at: string;
  readonly data: { readonly before: SeatData | null; readonly after: SeatData | null };
}

interface PoolData {
  readonly subject: string;
  readonly feature: string;
  readonly used: number;
  readonly seats?: readonly { readonly id: string; readonly leaseExpiresAt: string }[];
}

interface UsageEntry {
  readonly position: number;
  readonly type: 'usage.recorded';
  readonly data: { readonly meters: readonly PoolData[] };
}

/** Follows the seats of every customer through the log, and reads nothing else. */
export async function replaySeats(owner: Pool, limit: number): Promise<SeatsReplay> {
  const { rows } = await owner.query<SeatEntry | UsageEntry>(
    `select position::int, type, body ->> 'customer' as subject, body ->> 'at' as at, body -> 'data' as data
     from (select position, type, convert_from(body, 'UTF8')::jsonb as body from event
           where type like 'seat.%' or type = 'usage.recorded') e order by position`,
  );
  const log = new ReplayedSeats(limit);
  for (const entry of rows) {
    if (entry.type === 'usage.recorded') log.count(entry);
    else log.follow(entry);
  }
  return log;
}

class ReplayedSeats implements SeatsReplay {
  readonly beyond: Finding[] = [];
  readonly broken: Finding[] = [];
  readonly pools = new Map<string, Set<string>>();
  readonly counts = { 'seat.assigned': 0, 'seat.released': 0, 'seat.expired': 0, 'seat.freed': 0 };
  /** Whose a seat is, by pool and member. */
  readonly #held = new Map<string, string>();
  readonly #leases = new Map<string, string | null>();

  constructor(private readonly limit: number) {}

  follow({ position, type, subject, at, data: { before, after } }: SeatEntry): void {
    this.counts[type] += 1;
    const seat = after ?? before;
    if (seat === null) return;
    const pool = `${subject} ${seat.feature}`;
    const taken = this.pools.get(pool) ?? new Set();
    this.pools.set(pool, taken);
    const finding = (found: string): Finding => ({ position, counter: pool, found });
    if (before !== null && !taken.has(before.id)) this.broken.push(finding(`${type} of what is free`));
    if (type === 'seat.expired' && this.#leases.get(seat.id) !== at)
      this.broken.push(finding(`ended at ${at}, held until ${String(this.#leases.get(seat.id))}`));
    if (before !== null && after === null) {
      taken.delete(before.id);
      this.#held.delete(`${pool} ${before.memberId}`);
    }
    if (before !== null || after === null) return;
    const member = `${pool} ${after.memberId}`;
    if (this.#held.has(member)) this.broken.push(finding('a member has two'));
    this.#held.set(member, after.id);
    this.#leases.set(after.id, after.leaseExpiresAt);
    taken.add(after.id);
    if (taken.size > this.limit) this.beyond.push(finding(`${String(taken.size)} taken`));
  }

  /** The counter of a pool says what its own events do. */
  count({ position, data: { meters } }: UsageEntry): void {
    for (const { subject, feature, used, seats } of meters) {
      if (seats === undefined) continue;
      const pool = `${subject} ${feature}`;
      const taken = this.pools.get(pool)?.size ?? 0;
      if (used !== taken)
        this.broken.push({
          position,
          counter: pool,
          found: `${String(used)} counted, ${String(taken)} taken`,
        });
      for (const { id, leaseExpiresAt } of seats) this.#leases.set(id, leaseExpiresAt);
    }
  }
}

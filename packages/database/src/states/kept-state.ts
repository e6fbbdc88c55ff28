import {
  type CreditBlock,
  type CustomerId,
  type CustomerState,
  freesAt,
  type Instant,
  type KnownState,
  type Leases,
  type Meter,
  meterAt,
  parseFeatureKey,
  parseInstant,
  withLeases,
  withMeter,
} from '@licet/domain';
import type { StoredEvent } from '../event-log/read.js';
import { positionOf, type Revision } from '../event-log/revision.js';

/** A customer's state as it was loaded, and as events have moved it since. */
export interface KeptState {
  readonly customerId: CustomerId;
  state: CustomerState;
  /** See `readAgainAt`; worked out once for many checks. */
  readAgainAt: number;
  /** The position that it was loaded at: what happened up to there is in it. */
  readonly loadedAt: Revision;
  /** When that was, by `performance.now()`. */
  readonly loadedTime: number;
  /** The position of the newest thing that was loaded, or that this process has counted itself. */
  newest: Revision;
  /** By which usage events name the customer; null: there is none. */
  readonly subject: string | null;
  /** Versions of its counters; of a usage event and a kept counter the greater one counts. */
  readonly meterVersions: Map<string, number>;
}

/** When the state must be read again, because time may free some of what is held; Infinity: nothing is. */
export function readAgainAt(state: CustomerState): number {
  return (state.kind === 'KNOWN' ? freesAt(state.account) : null) ?? Infinity;
}

/** A counter as a usage event gives it. */
export interface CounterEvent {
  readonly subject: string;
  readonly feature: string;
  readonly used: number;
  readonly reserved: number;
  readonly version: number;
  /** When time may free some of what is held; null: nothing is. */
  readonly freesAt: Instant | null;
  /** Of a prepaid feature: what was recorded beyond all blocks, and the blocks that have changed. */
  readonly overdrawn: number;
  readonly blocks: readonly ChangedBlock[];
  /** False: of blocks, or leases, it tells what its batch has changed and no more. */
  readonly isWhole: boolean;
  /** Of seats: leases that were renewed then are told with it. */
  readonly isPool: boolean;
  readonly leases: Leases;
  /** When it was spent: it counts in the window that runs then. */
  readonly at: Instant;
}

type ChangedBlock = Pick<CreditBlock, 'remaining' | 'held'> & { readonly id: string };

/** What happened while a state was on its way from the database. */
export class Loading {
  /** The newest event about this customer, or about all. */
  #changedAt = 0;
  readonly #counters: {
    readonly counter: CounterEvent;
    /** Of this process's own; null: the log has told of it. */
    readonly committedAt: Revision | null;
  }[] = [];

  changed(position: number): void {
    this.#changedAt = Math.max(this.#changedAt, position);
  }

  counted(counters: readonly CounterEvent[]): void {
    for (const counter of counters) this.#counters.push({ counter, committedAt: null });
  }

  /** By this process, before the log tells of it. */
  countedHere(counters: readonly CounterEvent[], committedAt: Revision): void {
    for (const counter of counters) this.#counters.push({ counter, committedAt });
  }

  /** INVARIANT (load race): a state that was read before an event arrived is not kept after it. */
  isStillGood(loaded: KeptState): boolean {
    return this.#changedAt <= positionOf(loaded.loadedAt);
  }

  /** Whether it holds then what happened meanwhile. */
  catchUp(loaded: KeptState): boolean {
    return this.#counters.every(({ counter, committedAt }) => {
      if (counter.subject !== loaded.subject) return true;
      return committedAt === null
        ? applyCounter(loaded, counter)
        : applyOwnCounter(loaded, counter, committedAt);
    });
  }
}

/**
 * Takes over a counter of a batch that this process has committed: batches of others before it may not have been heard of yet.
 * False: what those have changed besides the counter would be missed, the state must be read again.
 */
export function applyOwnCounter(kept: KeptState, counter: CounterEvent, committedAt: Revision): boolean {
  const known = kept.meterVersions.get(counter.feature) ?? 0;
  if (!counter.isWhole && counter.version > known + 1) return false;
  if (committedAt > kept.newest) kept.newest = committedAt;
  return applyCounter(kept, counter);
}

/** Takes a counter over where it is newer than the kept one; absolute values, so that repeats harm nothing. Always true. */
export function applyCounter(kept: KeptState, counter: CounterEvent): true {
  const { state } = kept;
  if (state.kind !== 'KNOWN') return true;
  if (counter.version <= (kept.meterVersions.get(counter.feature) ?? 0)) return true;
  const meter = meterFrom(state, counter);
  if (meter === null) return true;
  kept.meterVersions.set(counter.feature, counter.version);
  kept.state = withLeases(withMeter(state, meter, blocksAfter(state, counter)), counter.leases);
  kept.readAgainAt = readAgainAt(kept.state);
  return true;
}

/**
 * The state with the customer's counters as a usage event left them, whatever has been spent since: what is read when an
 * event arrives may be ahead of it. Other events leave the state as it is, and so do pools, which go with their seats.
 */
export function atUsage(state: CustomerState, event: StoredEvent, subject: string): AtUsage {
  const taken = new Set<string>();
  let then = state;
  for (const counter of countersIn(event)) {
    if (counter.subject !== subject || counter.isPool || then.kind !== 'KNOWN') continue;
    const meter = meterFrom(then, counter);
    if (meter === null || isSameCount(meter, then.account.meters.get(meter.feature))) continue;
    then = withMeter(then, meter, blocksAfter(then, counter));
    taken.add(meter.feature);
  }
  return { state: then, taken };
}

interface AtUsage {
  readonly state: CustomerState;
  /** Features whose counters are the event's, and not those of now. */
  readonly taken: ReadonlySet<string>;
}

/** The state's own where none has changed. */
function blocksAfter({ account }: KnownState, { blocks }: CounterEvent): readonly CreditBlock[] {
  if (blocks.length === 0) return account.blocks;
  const changed = new Map(blocks.map((block) => [block.id, block]));
  return account.blocks.map((block) => {
    const { remaining, held } = changed.get(block.id) ?? block;
    return { ...block, remaining, held };
  });
}

function isSameCount({ used, reserved }: Meter, other: Meter | undefined): boolean {
  return other?.used === used && other.reserved === reserved;
}

function meterFrom({ account, release }: KnownState, counter: CounterEvent): Meter | null {
  const key = parseFeatureKey(counter.feature);
  const feature = key === null ? undefined : release.catalog.features.get(key);
  if (!feature) return null;
  const { used, reserved, freesAt, overdrawn, at } = counter;
  const { window, rolled } =
    feature.type === 'METERED' ? meterAt(account, feature, at) : { window: null, rolled: [] };
  return { feature: feature.key, used, reserved, window, rolled, freesAt, overdrawn };
}

/** The counters that a usage batch moved; none for other events. */
export function countersIn({ data, at, type }: Pick<StoredEvent, 'data' | 'at' | 'type'>): CounterEvent[] {
  const { meters } = data;
  if (type !== 'usage.recorded' || !Array.isArray(meters)) return [];
  return meters.flatMap((meter: unknown) => {
    const counter = counterFrom(meter, at);
    return counter === null ? [] : [counter];
  });
}

function counterFrom(meter: unknown, at: Instant): CounterEvent | null {
  if (typeof meter !== 'object' || meter === null) return null;
  const counter: Partial<Record<keyof CounterEvent | 'seats', unknown>> = meter;
  const { subject, feature, used, reserved, version, freesAt, overdrawn, blocks, seats } = counter;
  if (typeof subject !== 'string' || typeof feature !== 'string') return null;
  if (typeof used !== 'number' || typeof reserved !== 'number' || typeof version !== 'number') return null;
  const frees = typeof freesAt === 'string' ? parseInstant(freesAt) : null;
  return {
    subject,
    feature,
    used,
    reserved,
    version,
    at,
    freesAt: frees,
    overdrawn: typeof overdrawn === 'number' ? overdrawn : 0,
    blocks: Array.isArray(blocks) ? blocks.filter(isChangedBlock) : [],
    isWhole: !Array.isArray(blocks) && !Array.isArray(seats),
    isPool: Array.isArray(seats),
    leases: leasesIn(seats),
  };
}

const NO_LEASES: Leases = new Map();

function leasesIn(seats: unknown): Leases {
  if (!Array.isArray(seats) || seats.length === 0) return NO_LEASES;
  const entries = seats.flatMap((seat: unknown): (readonly [string, Instant])[] => {
    if (typeof seat !== 'object' || seat === null) return [];
    const { id, leaseExpiresAt }: Partial<Record<'id' | 'leaseExpiresAt', unknown>> = seat;
    const until = typeof leaseExpiresAt === 'string' ? parseInstant(leaseExpiresAt) : null;
    return typeof id === 'string' && until !== null ? [[id, until]] : [];
  });
  return new Map(entries);
}

function isChangedBlock(block: unknown): block is ChangedBlock {
  if (typeof block !== 'object' || block === null) return false;
  const { id, remaining, held }: Partial<Record<keyof ChangedBlock, unknown>> = block;
  return typeof id === 'string' && typeof remaining === 'number' && typeof held === 'number';
}

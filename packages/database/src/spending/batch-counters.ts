import { ceilingOf, type CreditBlock, isPrepaid, type Release, type Seat } from '@licet/domain';
import type { MeterKey } from '../repositories/meters.js';
import type { Counter } from './counter.js';
import type { LockedMeter, LockedMeters } from './counter-rows.js';
import { type KeptAccount, putBlocks, putMeter, putSeats } from './kept-account.js';
import type { SeatChanges } from './seats.js';

/** What the counters of a batch begin with. */
export interface CounterGround {
  readonly release: Release;
  /** Names the release's publication: what the head of the log says, and what counters are written with. */
  readonly rulesVersion: number;
  /** By `meterId`, in the order of their places. */
  readonly meters: ReadonlyMap<string, MeterKey>;
  readonly locked: LockedMeters;
  /** By place in `meters`, as `locked` is; undefined: there is no such customer. */
  readonly accounts: readonly (KeptAccount | undefined)[];
  /** Credit blocks of its prepaid counters, by `meterId`. */
  readonly blocks: ReadonlyMap<string, readonly CreditBlock[]>;
  /** Those that requests of this batch ask about or need, and those of their pools that cool down, by `meterId`. */
  readonly seats: ReadonlyMap<string, readonly Seat[]>;
}

/** The counters of a batch, and the accounts behind them. */
export class BatchCounters {
  readonly #ground: CounterGround;
  readonly #seats: SeatChanges;
  readonly #counters = new Map<string, Counter>();
  /** Of counters that there are not. */
  readonly #uncounted = new Map<string, KeptAccount>();
  readonly #due = new Set<string>();

  constructor(ground: CounterGround, seats: SeatChanges) {
    this.#ground = ground;
    this.#seats = seats;
    let place = 0;
    for (const [id, key] of ground.meters) {
      const account = ground.accounts[place];
      if (account) this.#add(id, key, account, ground.locked.meters[place]);
      place += 1;
    }
  }

  /** By `meterId`. */
  get(id: string): Counter | undefined {
    return this.#counters.get(id);
  }

  /** Of the customer whose counter it is, or would be. */
  accountOf(id: string): KeptAccount | undefined {
    return this.#counters.get(id)?.account ?? this.#uncounted.get(id);
  }

  /** Something of the customer's is due: it has to be applied before anything is decided. */
  isDue(customerId: string): boolean {
    return this.#due.has(customerId);
  }

  /** The counter is the row's, whatever is remembered of it. */
  #add(id: string, key: MeterKey, account: KeptAccount, row: LockedMeter | undefined): void {
    const { release, locked, blocks, seats } = this.#ground;
    const { feature } = key;
    if (account.dueAt !== null && account.dueAt <= locked.clock) this.#due.add(key.customerId);
    if (row === undefined) {
      this.#uncounted.set(id, account);
      return;
    }
    const stored = release.catalog.features.get(feature);
    const prepaid = stored !== undefined && isPrepaid(stored);
    if (prepaid) putBlocks(account, feature, blocks.get(id) ?? []);
    if (stored?.type === 'SEATS') putSeats(account, feature, this.#seats.begin(key, seats));
    putRow(account, key, row);
    const counter = this.#counterOf(key, account, row, prepaid);
    if (this.#timeHasCome(counter)) this.#due.add(key.customerId);
    this.#counters.set(id, counter);
  }

  #counterOf(key: MeterKey, account: KeptAccount, row: LockedMeter, prepaid: boolean): Counter {
    const { release, rulesVersion, locked } = this.#ground;
    const ceiling =
      row.rulesVersion === rulesVersion
        ? null
        : ceilingOf(account.state.account, release, key.feature, locked.clock);
    const { used, reserved, overdrawn, freesAt } = row;
    return { key, account, row, isPrepaid: prepaid, ceiling, used, reserved, overdrawn, freesAt, granted: 0 };
  }

  #timeHasCome({ ceiling, row }: Counter): boolean {
    const { clock } = this.#ground.locked;
    const { used, reserved, window, freesAt, validUntil } = row;
    const outdated = ceiling === null && validUntil !== null && validUntil <= clock;
    const over = used + reserved > 0 && window !== null && window.end <= clock;
    return outdated || over || (freesAt !== null && freesAt <= clock);
  }
}

function putRow(account: KeptAccount, { feature }: MeterKey, row: LockedMeter): void {
  const { used, reserved, overdrawn, window, freesAt } = row;
  const known = account.meters.get(feature);
  const same =
    known?.used === used &&
    known.reserved === reserved &&
    known.freesAt === freesAt &&
    known.overdrawn === overdrawn &&
    known.window?.start === window?.start &&
    known.window?.end === window?.end;
  // What is left of earlier windows changes with the customer's version, which the row vouches for.
  const rolled = known?.rolled ?? [];
  if (!same) putMeter(account, { feature, used, reserved, window, rolled, freesAt, overdrawn });
}

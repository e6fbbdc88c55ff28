import {
  type CheckRequest,
  decideBySnapshot,
  denyWithoutRules,
  type Instant,
  type RequestContext,
  type Snapshot,
  type SnapshotPhase,
} from '@licet/domain/offline';
import { type Answer, answerOf } from './answer.js';
import { BackOff } from './back-off.js';
import { SeenClock } from './clock.js';
import { LicetError, messageOf } from './errors.js';
import { areFacts, wrongFact } from './facts.js';
import type { Follower } from './follow.js';
import { Gateway } from './gateway.js';
import { Kept } from './kept.js';
import { type ClientOptions, readOptions, type Settings, wrong } from './options.js';
import { Refresher } from './refresher.js';
import type { Reports } from './reports.js';
import { Snapshots } from './snapshots.js';
import type { ConsumeAnswer } from './spend.js';
import type { Spending } from './spending.js';
import { Standing } from './standing.js';
import type { ClientStatus } from './status.js';
import { Timer } from './timer.js';
import { type ReportCounts, Unreported } from './unreported.js';
import { RefusedSnapshot } from './verify.js';

/** What a check may tell besides the feature; as `CheckInput` of the API. */
export interface CheckOptions {
  /** Units wanted on top of those used: 1 by default; 0 asks only whether the feature is there. */
  readonly quantity?: number;
  readonly memberId?: string;
  readonly context?: RequestContext;
  readonly productVersion?: string;
  readonly fingerprint?: string;
}

export interface ConsumeOptions extends Omit<CheckOptions, 'productVersion'> {
  /** By default one of its own for each call. */
  readonly idempotencyKey?: string;
}

/** What a check would decide on at this moment. */
export interface Basis {
  readonly snapshot: Snapshot | null;
  readonly phase: SnapshotPhase;
  readonly now: Instant;
  readonly customerId: string;
}

export interface Client<Features extends string = string> {
  /** Resolves when there is something to decide on, or nothing could be had; never rejects. */
  readonly ready: Promise<void>;
  readonly status: ClientStatus;
  /** What has become of the decisions of checks, now. */
  readonly reports: ReportCounts;
  /** May this customer do this, now? Answered here, at once, whether or not anybody can be reached. */
  check(feature: Features, options?: CheckOptions): Answer;
  /** Spends of a lease or at the gateway; throws LicetError where it is not known what came of it. */
  consume(feature: Features, options?: ConsumeOptions): Promise<ConsumeAnswer>;
  /** Calls back whenever answers may have changed, by time alone too; call what it returns to stop it. */
  readonly onChange: (listener: () => void) => () => void;
  /** Asks the gateway for what is new, and resolves when it has answered or could not be reached. */
  refresh(): Promise<void>;
  /** For what explains or reports what checks decide. */
  basis(): Basis;
  /** The request that a check decides, with this client's member where none is named. */
  requestOf(feature: Features, options?: CheckOptions): CheckRequest;
  /** Ends what goes on in the background, and keeps what was seen. */
  close(): Promise<void>;
}

/**
 * A client of one customer: it begins with what its storage has kept, refreshes that in the background, and goes on deciding where the
 * gateway does not answer. Throws LicetError BAD_USER_INPUT for options that cannot be.
 */
export function createClient<Features extends string = string>(options: ClientOptions): Client<Features> {
  return new SnapshotClient(readOptions(options));
}

/** How often what was seen is kept where nothing else is written, in milliseconds. */
const SEEN_KEPT = 10_000;
/** How long the gateway may take with what it is told at the end, in milliseconds. */
const PARTING = 2_000;

class SnapshotClient implements Client {
  readonly ready: Promise<void>;
  readonly #settings: Settings;
  readonly #clock: SeenClock;
  readonly #gateway: Gateway;
  readonly #snapshots: Snapshots;
  readonly #refresher: Refresher;
  readonly #standing: Standing;
  readonly #seenTimer = new Timer();
  readonly #unreported: Unreported | null;
  readonly #reports: Promise<Reports | null>;
  readonly #resumed: Promise<void>;
  #spending: Promise<Spending> | null = null;
  #follower: Follower | null = null;
  #isFollowing = false;
  #isClosed = false;
  /** Whether the gateway tells of changes, and how many it has told of. */
  #isConnected = false;
  #told = 0;
  /** Of how many of those it was asked what is new. */
  #asked = -1;

  constructor(settings: Settings) {
    this.#settings = settings;
    const { now, url, credential, fetch, timeout, random, retryMax } = settings;
    this.#clock = new SeenClock(now);
    this.#gateway = new Gateway({ url, credential, fetch, timeout });
    const kept = new Kept(settings.storage, nameOf(settings));
    this.#standing = new Standing(
      this.#clock,
      () => ({
        held: this.#snapshots.held,
        isCurrent: this.#isConnected && this.#asked === this.#told,
      }),
      // Timers stand still while a machine sleeps, and know nothing of a clock that was set: the gateway puts both right.
      () => void this.refresh(),
    );
    this.#snapshots = new Snapshots(settings, this.#clock, this.#gateway, kept, this.#standing);
    this.#refresher = new Refresher({
      fetch: () => this.#fetch(),
      after: () => this.#refreshAfter(),
      backOff: new BackOff(random, retryMax),
    });
    this.#unreported = settings.reports === null ? null : new Unreported(settings.reports.most);
    const resumed = (this.#resumed = this.#resume());
    // What is loaded, or reaches out, waits until what is kept could answer.
    const answered = resumed.then(nextTurn);
    // A page that cannot load it decides all the same.
    this.#reports = answered.then(() => this.#loadReports()).catch(() => null);
    const refreshed = answered.then(() => this.#start());
    this.ready = resumed.then(() => (this.#snapshots.held === null ? refreshed : undefined));
  }

  get status(): ClientStatus {
    return this.#standing.status;
  }

  get reports(): ReportCounts {
    return this.#unreported?.counts ?? NO_REPORTS;
  }

  check(feature: string, options: CheckOptions = NO_OPTIONS): Answer {
    const now = this.#standing.look();
    const request = this.requestOf(feature, options);
    const { held } = this.#snapshots;
    if (held === null) {
      const decision = denyWithoutRules(this.#settings.customerId, request);
      return { ...decision, source: 'fallback', age: null };
    }
    const decision = decideBySnapshot(held.snapshot, request, now, this.#standing.phase);
    if (!this.#isClosed) this.#unreported?.add(request, decision, held.snapshot, now);
    const { validUntil, code } = decision;
    if (validUntil !== null) this.#standing.answered(validUntil, now);
    const isFallback = code === 'UNAVAILABLE' || code === 'ENTITLED_FALLBACK';
    const source = isFallback ? 'fallback' : this.#standing.source;
    return answerOf(decision, source, Math.max(0, now - held.confirmedAt));
  }

  requestOf(feature: string, options: CheckOptions = NO_OPTIONS): CheckRequest {
    const { quantity = 1, context = null, productVersion = null, fingerprint = null } = options;
    if (!Number.isSafeInteger(quantity) || quantity < 0)
      throw wrong('quantity', `a whole number of 0 or more, not ${String(quantity)}`);
    if (!areFacts(options)) throw wrongFact(options);
    const audience = this.#snapshots.held?.snapshot.audience;
    const own = audience?.kind === 'MEMBER' ? audience.memberId : null;
    const memberId = options.memberId ?? own ?? this.#settings.memberId;
    if (own !== null && memberId !== own)
      throw new LicetError('FORBIDDEN', '`memberId`: the token is of another member; leave it out');
    return { feature, quantity, memberId, context, productVersion, fingerprint };
  }

  async consume(feature: string, options: ConsumeOptions = NO_OPTIONS): Promise<ConsumeAnswer> {
    if (this.#isClosed)
      throw new LicetError('CLOSED', 'nothing was spent: this client is closed; make another one');
    return (await this.#loadSpending()).consume(feature, options);
  }

  get onChange(): Client['onChange'] {
    return this.#standing.onChange;
  }

  async refresh(): Promise<void> {
    // What is kept would else take the place of what comes.
    await this.#resumed;
    await this.#refresher.refresh();
  }

  basis(): Basis {
    const now = this.#standing.look();
    const snapshot = this.#snapshots.held?.snapshot ?? null;
    return { snapshot, phase: this.#standing.phase, now, customerId: this.#settings.customerId };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#standing.end();
    await this.#part();
    const stopped = this.#refresher.stop();
    this.#follower?.stop();
    await this.ready;
    await stopped;
    this.#seenTimer.clear();
    await this.#snapshots.write();
  }

  /** Tells the gateway what it is to know in the end, and leaves it. */
  async #part(): Promise<void> {
    const told = [this.#reports, this.#spending].map(async (telling) => (await telling)?.close());
    const timer = setTimeout(() => this.#gateway.close(), PARTING);
    await Promise.allSettled(told);
    clearTimeout(timer);
    this.#gateway.close();
  }

  #loadSpending(): Promise<Spending> {
    return (this.#spending ??= import('./spending.js').then(
      ({ Spending }) => new Spending(this.#gateway, this.#settings, this.#clock),
      (error: unknown) => {
        this.#spending = null;
        throw new LicetError('UNREACHABLE', `nothing was spent: ${messageOf(error)}`);
      },
    ));
  }

  async #loadReports(): Promise<Reports | null> {
    const { reports, storage, customerId, random, retryMax } = this.#settings;
    if (reports === null || this.#unreported === null) return null;
    const { Reports } = await import('./reports.js');
    return new Reports({
      ...{ gateway: this.#gateway, unreported: this.#unreported, customerId, storage },
      ...{ name: `${nameOf(this.#settings)}.reports`, every: reports.every },
      backOff: new BackOff(random, retryMax),
    });
  }

  async #resume(): Promise<void> {
    await this.#snapshots.resume();
    this.#standing.changed();
  }

  /** Resolves when the gateway has answered, or could not be reached. */
  #start(): Promise<void> {
    const refreshed = this.#refresher.refresh();
    void this.#follow();
    if (this.#snapshots.held !== null) void this.#keepSeen();
    return refreshed;
  }

  /** What was seen grows with time, not only with what is fetched. */
  async #keepSeen(): Promise<void> {
    this.#standing.look();
    await this.#snapshots.write();
    if (!this.#isClosed) this.#seenTimer.set(SEEN_KEPT, () => void this.#keepSeen());
  }

  async #fetch(): Promise<void> {
    const told = this.#told;
    try {
      await this.#snapshots.fetch();
      this.#asked = told;
      this.#standing.changed('GATEWAY_FAILED');
      void this.#follow();
      await this.#keepSeen();
    } catch (error) {
      // A connection that the network has forgotten tells nothing either.
      if (this.#isClosed) throw error;
      if (error instanceof LicetError && error.code === 'UNREACHABLE') this.#follower?.reconnect();
      this.#standing.report(
        error instanceof RefusedSnapshot ? 'SNAPSHOT_REFUSED' : 'GATEWAY_FAILED',
        messageOf(error),
      );
      throw error;
    }
  }

  /** Once half of the fresh time is over the gateway gives another one, and not all clients come at once. */
  #refreshAfter(): number {
    const snapshot = this.#snapshots.held?.snapshot;
    if (snapshot === undefined) return 0;
    const fresh = snapshot.refreshAfter - snapshot.issuedAt;
    const at = snapshot.issuedAt + fresh * (0.55 + 0.35 * this.#settings.random());
    return Math.max(at - this.#clock.read(), fresh / 10, 100);
  }

  /** Where it cannot be loaded, changes are found by refreshing, and it is tried again then. */
  async #follow(): Promise<void> {
    const { live, url, credential, fetch, customerId, random, retryMax } = this.#settings;
    if (!live || this.#isFollowing) return;
    this.#isFollowing = true;
    const loaded = await import('./follow.js').catch(() => null);
    this.#isFollowing = loaded !== null;
    if (loaded === null || this.#isClosed) return;
    this.#follower = new loaded.Follower({
      ...{ url, credential, fetch, customerId },
      backOff: new BackOff(random, retryMax),
      onConnected: () => {
        this.#isConnected = true;
        this.#standing.changed();
        // Whoever comes back after a cut may have missed that there is a newer state than what is fetched now and then.
        void this.#refresher.refresh();
      },
      onChange: () => {
        this.#told += 1;
        this.#standing.changed();
        void this.#refresher.refresh();
      },
      onCut: () => {
        this.#isConnected = false;
        this.#standing.changed();
      },
    });
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

const NO_OPTIONS = {};
const NO_REPORTS: ReportCounts = { waiting: 0, reported: 0, rejected: 0, dropped: 0 };

/** One for each customer, and member, of each gateway. */
function nameOf({ url, customerId, memberId }: Settings): string {
  return [url, customerId, memberId ?? ''].map(encodeURIComponent).join(' ');
}

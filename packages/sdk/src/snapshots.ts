import type { Snapshot } from '@licet/domain/offline';
import { decodeJwt, type JWK } from 'jose';
import type { SeenClock } from './clock.js';
import { messageOf } from './errors.js';
import type { Gateway } from './gateway.js';
import type { Held } from './held.js';
import { type Kept, NOTHING_SEEN, type Seen } from './kept.js';
import type { Settings } from './options.js';
import type { ProblemKind } from './status.js';
import { RefusedSnapshot, verifySnapshot } from './verify.js';

export interface Reporting {
  report(kind: ProblemKind, message: string): void;
  solve(...kinds: readonly ProblemKind[]): void;
}

/** Where a client's snapshots come from: what is kept, and the gateway. Refuses what is no newer one of the customer's own. */
export class Snapshots {
  #held: Held | null = null;
  #keys: readonly JWK[] = [];
  #counter = 0;
  #tenantId: string | null;
  /** Undefined: the storage has not told it yet. */
  #place: string | null | undefined;
  /** What is kept here is another machine's. */
  #isForeign = false;
  /** A snapshot is kept here, and what was seen is not. */
  #isUnrecorded = false;

  constructor(
    private readonly settings: Settings,
    private readonly clock: SeenClock,
    private readonly gateway: Gateway,
    private readonly kept: Kept,
    private readonly problems: Reporting,
  ) {
    this.#tenantId = settings.tenantId;
  }

  get held(): Held | null {
    return this.#held;
  }

  /** Takes up what an earlier process has kept here. */
  async resume(): Promise<void> {
    try {
      const [place, record, snapshot] = await Promise.all([
        this.#ownPlace(),
        this.kept.seen(),
        this.kept.snapshot(),
      ]);
      this.#isForeign = [record, snapshot].some((text) => text !== null && text.place !== place);
      if (this.#isForeign) {
        this.problems.report('FOREIGN_STORAGE', FOREIGN);
        return;
      }
      const seen = record ?? NOTHING_SEEN;
      this.clock.resume(seen);
      this.#counter = seen.counter;
      this.#tenantId ??= seen.tenantId;
      this.#isUnrecorded = snapshot !== null && record === null;
      if (snapshot !== null) await this.#takeUp(snapshot);
    } catch (error) {
      const isRefused = error instanceof RefusedSnapshot;
      this.problems.report(isRefused ? 'SNAPSHOT_REFUSED' : 'STORAGE_FAILED', messageOf(error));
    }
  }

  async #takeUp({ token, keys, etag }: Pick<Held, 'token' | 'keys' | 'etag'>): Promise<void> {
    const snapshot = await verifySnapshot(token, keys);
    this.#refuseForeign(snapshot);
    const isOlder = snapshot.counter < this.#counter;
    if (isOlder) this.problems.report('COUNTER_LOWERED', olderThan(this.#counter, snapshot));
    // Whoever deletes what was seen would else have any clock for a good one, and any snapshot for the newest.
    if (this.#isUnrecorded) this.problems.report('RECORD_MISSING', UNRECORDED);
    this.#keys = keys;
    this.#counter = Math.max(this.#counter, snapshot.counter);
    this.#tenantId = snapshot.tenantId;
    const { issuedAt } = snapshot;
    this.clock.saw(issuedAt);
    const isDoubtful = isOlder || this.#isUnrecorded;
    this.#held = { snapshot, token, keys, etag, from: 'KEPT', confirmedAt: issuedAt, isDoubtful };
  }

  /** Asks the gateway for a newer one; throws where none can be had, and what is held stays. */
  async fetch(): Promise<void> {
    const held = this.#held;
    // Where what is held does not count, or is old by a clock that may be wrong, another one is wanted: to hear that nothing has
    // changed would help nobody.
    const isFresh = held !== null && this.clock.read() < held.snapshot.refreshAfter && !this.clock.isSetBack;
    const isGood = isFresh && !held.isDoubtful;
    const fetched = await this.gateway.snapshot(this.settings.customerId, isGood ? held.etag : null);
    if (fetched.kind === 'SAME') {
      if (held !== null) this.#held = { ...held, from: 'GATEWAY', confirmedAt: this.clock.read() };
      this.problems.solve(...OF_SNAPSHOTS);
      return;
    }
    const { token, etag } = fetched;
    const snapshot = await this.#verified(token);
    this.#refuseForeign(snapshot);
    if (snapshot.counter < this.#counter || (snapshot.counter === this.#counter && token !== held?.token)) {
      const message = olderThan(this.#counter, snapshot);
      this.problems.report('COUNTER_LOWERED', message);
      throw new RefusedSnapshot(message);
    }
    if (snapshot.counter > this.#counter) this.clock.setBy(snapshot.issuedAt);
    this.#counter = snapshot.counter;
    this.#tenantId = snapshot.tenantId;
    this.#isUnrecorded = false;
    const confirmedAt = this.clock.read();
    this.#held = { snapshot, token, keys: this.#keys, etag, from: 'GATEWAY', confirmedAt, isDoubtful: false };
    this.problems.solve(...OF_SNAPSHOTS);
  }

  /**
   * Keeps what is held, and what was seen; a storage that fails is reported and ends nothing. What another machine has kept stays until
   * there is something of this one to put in its place, and a record that is missing is missing until then: one that began now would
   * know nothing of what was seen before.
   */
  async write(): Promise<void> {
    if ((this.#isForeign && this.#held === null) || this.#isUnrecorded) return;
    try {
      // Under another place, what is kept here would be foreign at the next start.
      const place = await this.#ownPlace();
      const held = this.#held;
      const seen: Seen = { ...this.clock.seen, counter: this.#counter, tenantId: this.#tenantId, place };
      if (held === null || held.from === 'KEPT') await this.kept.writeSeen(seen);
      else {
        const { token, keys, etag } = held;
        await this.kept.write({ token, keys, etag, place }, seen);
      }
      this.problems.solve('STORAGE_FAILED');
    } catch (error) {
      this.problems.report('STORAGE_FAILED', `nothing can be kept: ${messageOf(error)}`);
    }
  }

  async #ownPlace(): Promise<string | null> {
    return this.#place === undefined ? (this.#place = await this.settings.storage.place()) : this.#place;
  }

  /** By the keys that are known; where it names another one, by those that its tenant has now. */
  async #verified(token: string): Promise<Snapshot> {
    try {
      return await verifySnapshot(token, this.#keys);
    } catch (error) {
      if (!(error instanceof RefusedSnapshot) || !error.isKeyMissing) throw error;
      this.#keys = await this.gateway.keys(this.#tenantId ?? issuerOf(token));
      return verifySnapshot(token, this.#keys);
    }
  }

  #refuseForeign({ customerId, tenantId, audience }: Snapshot): void {
    const { settings } = this;
    if (customerId !== settings.customerId) throw new RefusedSnapshot('it is of another customer');
    if (this.#tenantId !== null && tenantId !== this.#tenantId)
      throw new RefusedSnapshot('it was signed by another tenant');
    if (audience.kind === 'MEMBER' && settings.memberId !== null && audience.memberId !== settings.memberId)
      throw new RefusedSnapshot('it is of another member');
  }
}

const OF_SNAPSHOTS = ['COUNTER_LOWERED', 'RECORD_MISSING', 'FOREIGN_STORAGE', 'SNAPSHOT_REFUSED'] as const;
const UNRECORDED =
  'what was seen up to now is not kept any more, so that the snapshot beside it may be an old one: a new one is fetched as soon as the gateway answers';
const FOREIGN =
  'what is kept here was written on another machine and is not read; a snapshot of this one is fetched as soon as the gateway answers';

function olderThan(counter: number, snapshot: Snapshot): string {
  return `the snapshot has the counter ${String(snapshot.counter)}, and ${String(counter)} was seen before: it is refused`;
}

/** Whose keys to ask for; they say whether it is true. */
function issuerOf(token: string): string {
  const { iss } = decodeJwt(token);
  if (iss === undefined) throw new RefusedSnapshot('it names no tenant');
  return iss;
}

import type { BackOff } from './back-off.js';
import type { SeenClock } from './clock.js';
import { isPassing } from './errors.js';
import type { Gateway } from './gateway.js';
import { isRecord } from './json.js';
import type { LeaseOptions } from './options.js';
import type { ConsumeAnswer, ToldDecision } from './spend.js';
import { Timer } from './timer.js';

export interface LeaseSettings extends Required<LeaseOptions> {
  readonly gateway: Gateway;
  readonly clock: SeenClock;
  readonly customerId: string;
  readonly memberId: string | null;
  readonly feature: string;
  readonly backOff: BackOff;
}

/** A quota lease, and how much of it this client has spent. */
interface Lease {
  readonly id: string;
  readonly quantity: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly revision: string;
  readonly decision: ToldDecision;
  spent: number;
}

/** What came of the last attempt. AWAY: nobody answers; NONE: nothing is to be had, and the gateway says why. */
type Taken = 'LEASED' | 'AWAY' | 'NONE';

const LEASE = `mutation ($input: LeaseQuotaInput!) { leaseQuota(input: $input) { revision lease { id quantity expiresAt }
  decision { allowed code message limit unlimited used reserved remaining resetsAt } } }`;
const RETURN =
  'mutation ($id: ID!, $spent: Quantity!) { returnQuota(leaseId: $id, spent: $spent) { consumed } }';

/** Rates are measured over no less, in milliseconds. */
const MEASURED = 1_000;

/**
 * The leases of one feature (docs/decisions/0022-quota-leases.md). Each unit of them counts as spent from when it is lent until it is
 * returned, so whatever is spent of them is within the limit, whoever dies.
 */
export class Leases {
  #held: Lease[] = [];
  /** Not all spent, and not returned yet. */
  #over: Lease[] = [];
  #taking: Promise<Taken> | null = null;
  #returning: Promise<void> = Promise.resolve();
  readonly #timer = new Timer();
  /** Sent, and no answer came: it is asked for again with its own key, so that it is lent once. */
  #asked: { readonly quantity: number; readonly idempotencyKey: string } | null = null;
  #refused: { readonly at: number; readonly wait: number; readonly as: Exclude<Taken, 'LEASED'> } | null =
    null;
  #wanted = 0;
  #measuredSince: number | null = null;
  #isClosed = false;

  constructor(private readonly settings: LeaseSettings) {}

  /** Spends of what is leased, or else by `ask`: what is more than there is left, and what the gateway lends nothing for. */
  async consume(quantity: number, ask: () => Promise<ConsumeAnswer>): Promise<ConsumeAnswer> {
    this.#wanted += quantity;
    for (;;) {
      const answer = this.#spend(quantity);
      if (answer !== null) return answer;
      if (this.#isClosed || this.settings.clock.isSetBack || this.#left() > 0) return ask();
      const taken = await this.#take();
      if (taken === 'AWAY') return unavailable(this.settings.feature);
      if (taken === 'NONE') return ask();
    }
  }

  /** Gives back what is left; what is not answered is settled as spent at its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.clear();
    await this.#taking;
    this.#over.push(...this.#held.splice(0).filter(isLeft));
    await this.#giveBack();
    // As with reports: the first may have met a connection that leads nowhere.
    if (this.#over.length > 0) await this.#giveBack();
  }

  #spend(quantity: number): ConsumeAnswer | null {
    const now = this.settings.clock.read();
    this.#endUntil(now);
    // A clock that was set back does not say when a lease ends.
    if (this.settings.clock.isSetBack || this.#isClosed) return null;
    const lease = this.#held.find((held) => held.quantity - held.spent >= quantity);
    if (lease !== undefined) lease.spent += quantity;
    if (this.#isLow(now)) void this.#take();
    return lease === undefined ? null : answerFrom(lease, quantity);
  }

  #left(): number {
    return this.#held.reduce((sum, { quantity, spent }) => sum + quantity - spent, 0);
  }

  /** Half spent, or soon over: time to take the next one, before it is missed. */
  #isLow(now: number): boolean {
    const last = this.#held.at(-1);
    if (last === undefined) return false;
    // One that ends with its window ends early, and so would the next one.
    const { ttl } = this.settings;
    const isOld = now - (this.#measuredSince ?? now) >= ttl / 2;
    return this.#left() * 2 <= last.quantity || (isOld && last.expiresAt - now < ttl / 4);
  }

  #take(): Promise<Taken> {
    return (this.#taking ??= this.#lease().finally(() => {
      this.#taking = null;
    }));
  }

  async #lease(): Promise<Taken> {
    // Whoever else spends at this moment is counted.
    await Promise.resolve();
    const { gateway, clock, customerId, memberId, feature, ttl, backOff } = this.settings;
    const now = clock.read();
    if (this.#refused !== null && isWithin(now, this.#refused)) return this.#refused.as;
    this.#asked ??= { quantity: this.#wantedFor(now), idempotencyKey: crypto.randomUUID() };
    const input = { ...this.#asked, customerId, memberId, feature, ttl: `PT${String(ttl / 1000)}S` };
    try {
      const lease = leaseOf(await gateway.ask(LEASE, { input }));
      this.#asked = null;
      this.#wanted = 0;
      this.#measuredSince = clock.read();
      if (lease === null) return this.#refuse('NONE');
      if (lease.expiresAt <= this.#measuredSince) {
        this.#over.push(lease);
        void this.#giveBack();
        return this.#refuse('NONE');
      }
      this.#held = [...this.#held.filter(isLeft), lease];
      this.#refused = null;
      backOff.reset();
      this.#setTimer();
      return 'LEASED';
    } catch (error) {
      const isAway = isPassing(error);
      if (!isAway) this.#asked = null;
      return this.#refuse(isAway ? 'AWAY' : 'NONE');
    }
  }

  /** As much as would be wanted while it lasts if it went on as since the last one. */
  #wantedFor(now: number): number {
    const { first, most, ttl } = this.settings;
    const since = this.#measuredSince;
    const rate =
      since === null ? 0 : this.#wanted / Math.min(Math.max(now - since, MEASURED), Math.max(ttl, MEASURED));
    const likely = since === null ? first : Math.ceil(rate * ttl);
    return Math.max(1, Math.min(Math.max(likely, this.#wanted), most));
  }

  #refuse(as: Exclude<Taken, 'LEASED'>): Taken {
    this.#refused = { at: this.settings.clock.read(), wait: this.settings.backOff.next(), as };
    return as;
  }

  /** What has ended is spent from no more, and what is left of it given back: the gateway takes it up to a day later. */
  #endUntil(now: number): void {
    if (this.#held.every(({ expiresAt }) => expiresAt > now)) return;
    this.#over.push(...this.#held.filter((lease) => lease.expiresAt <= now && isLeft(lease)));
    this.#held = this.#held.filter(({ expiresAt }) => expiresAt > now);
    void this.#giveBack();
  }

  #setTimer(): void {
    if (this.#isClosed || this.#held.length === 0) return;
    const first = Math.min(...this.#held.map(({ expiresAt }) => expiresAt));
    this.#timer.set(Math.max(first - this.settings.clock.read(), 1), () => {
      this.#endUntil(this.settings.clock.read());
      this.#setTimer();
    });
  }

  #giveBack(): Promise<void> {
    return (this.#returning = this.#returning.then(() => this.#returnAll()));
  }

  async #returnAll(): Promise<void> {
    const over = this.#over.splice(0);
    await Promise.all(
      over.map(async (lease) => {
        try {
          await this.settings.gateway.ask(RETURN, { id: lease.id, spent: lease.spent });
        } catch (error) {
          // Told again with the next one, or at the end.
          if (isPassing(error)) this.#over.push(lease);
        }
      }),
    );
  }
}

/** Not before `at` either: a clock that was ahead, and was put right, would have it wait for as long as it was ahead. */
function isWithin(now: number, { at, wait }: { readonly at: number; readonly wait: number }): boolean {
  return now >= at && now < at + wait;
}

function isLeft({ quantity, spent }: Lease): boolean {
  return spent < quantity;
}

function answerFrom({ revision, decision }: Lease, consumed: number): ConsumeAnswer {
  return { consumed, replayed: false, revision, source: 'lease', decision: { ...decision, message: LEASED } };
}

/** docs/rules.md, "Without state": it is known that nothing was spent. */
function unavailable(feature: string): ConsumeAnswer {
  const message = `nobody could be asked about \`${feature}\`, and no lease is left; ask again when the gateway answers`;
  const nothing = {
    limit: null,
    unlimited: false,
    used: null,
    reserved: null,
    remaining: null,
    resetsAt: null,
  };
  const decision = { allowed: false, code: 'UNAVAILABLE', message, ...nothing };
  return { consumed: 0, replayed: false, revision: null, source: 'fallback', decision };
}

const LEASED = 'allowed by a quota lease; the numbers are those of when it was taken';

/** Null: nothing was lent. */
function leaseOf(data: unknown): Lease | null {
  const answer = isRecord(data) ? data['leaseQuota'] : null;
  if (!isRecord(answer) || !isTold(answer['decision']) || !isRecord(answer['lease'])) return null;
  const { id, quantity, expiresAt } = answer['lease'];
  if (typeof id !== 'string' || typeof quantity !== 'number' || typeof expiresAt !== 'string') return null;
  const revision = String(answer['revision']);
  return { id, quantity, expiresAt: Date.parse(expiresAt), revision, decision: answer['decision'], spent: 0 };
}

function isTold(value: unknown): value is ToldDecision {
  return isRecord(value) && typeof value['code'] === 'string';
}

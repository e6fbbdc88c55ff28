import { BackOff } from './back-off.js';
import type { ConsumeOptions } from './client.js';
import type { SeenClock } from './clock.js';
import type { Gateway } from './gateway.js';
import { Leases } from './leases.js';
import type { Settings } from './options.js';
import { consume, type ConsumeAnswer } from './spend.js';

/** What a client spends: of its leases, or at the gateway. */
export class Spending {
  readonly #leases: ReadonlyMap<string, Leases>;

  constructor(
    private readonly gateway: Gateway,
    private readonly settings: Settings,
    clock: SeenClock,
  ) {
    const { leases, customerId, memberId, random, retryMax } = settings;
    const all = { gateway, clock, customerId, memberId };
    this.#leases = new Map(
      [...leases].map(([feature, options]) => {
        const backOff = new BackOff(random, retryMax);
        return [feature, new Leases({ ...all, ...options, feature, backOff })];
      }),
    );
  }

  consume(feature: string, options: ConsumeOptions): Promise<ConsumeAnswer> {
    const { quantity = 1, context = null, fingerprint = null } = options;
    const { customerId, random, retryMax } = this.settings;
    const memberId = options.memberId ?? this.settings.memberId;
    const ask = (): Promise<ConsumeAnswer> => {
      const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID();
      const input = { customerId, feature, quantity, memberId, context, fingerprint, idempotencyKey };
      return consume(this.gateway, input, new BackOff(random, Math.min(2_000, retryMax), 100));
    };
    // What a lease was not taken for, and what is to be done once whoever asks, the gateway judges.
    const isPlain = context === null && fingerprint === null && memberId === this.settings.memberId;
    const isUnits = Number.isSafeInteger(quantity) && quantity >= 1;
    const leases =
      options.idempotencyKey === undefined && isPlain && isUnits ? this.#leases.get(feature) : undefined;
    return leases === undefined ? ask() : leases.consume(quantity, ask);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#leases.values()].map((leases) => leases.close()));
  }
}

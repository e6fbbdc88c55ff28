import type { CustomerAccount } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { beganAt, type Holding, isLicense } from '../holding.js';
import { licenseStatus } from '../license/license.js';
import type { Instant } from '../time/instant.js';
import type { Meter } from '../usage/meter.js';
import { boundedFacts } from './bounded.js';

/** The facts of one request, as its caller sends them. */
export type RequestContext = Readonly<Record<string, unknown>>;

export const NO_CONTEXT: RequestContext = {};

/** What conditions see of a customer. A name that was never given is missing. */
export class CustomerFacts {
  readonly id: string;
  readonly name: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly timeZone: string;
  readonly createdAt: Date;

  constructor({ id, timeZone, profile }: CustomerAccount) {
    this.id = id;
    this.name = profile.name ?? undefined;
    this.attributes = boundedFacts(profile.attributes, 'customer.attributes');
    this.timeZone = timeZone;
    this.createdAt = new Date(profile.createdAt);
  }
}

/** What the conditions of a plan see of the subscription, or licence, to it. Ends that do not lie ahead are missing. */
export class SubscriptionFacts {
  readonly id: string;
  readonly plan: string;
  readonly planVersion: bigint;
  readonly status: string;
  readonly startedAt: Date;
  readonly trialEndsAt: Date | undefined;
  readonly graceEndsAt: Date | undefined;
  readonly cancelAt: Date | undefined;
  readonly addOns: ReadonlyMap<string, bigint>;
  readonly quantities: ReadonlyMap<string, bigint>;

  constructor(holding: Holding) {
    const { id, planVersion, quantities } = holding;
    this.id = id;
    this.plan = planVersion.plan.key;
    this.planVersion = BigInt(planVersion.version);
    this.status = isLicense(holding) ? licenseStatus(holding) : holding.status;
    this.startedAt = new Date(beganAt(holding));
    this.trialEndsAt = 'trialEndsAt' in holding ? new Date(holding.trialEndsAt) : undefined;
    this.graceEndsAt = graceEndOf(holding);
    this.cancelAt =
      'cancelAt' in holding && holding.cancelAt !== null ? new Date(holding.cancelAt) : undefined;
    const addOns = isLicense(holding) ? [] : holding.addOns;
    this.addOns = new Map(addOns.map(({ addOn, quantity }) => [addOn.key, BigInt(quantity)]));
    this.quantities = new Map([...quantities].map(([feature, quantity]) => [feature, BigInt(quantity)]));
  }
}

function graceEndOf(holding: Holding): Date | undefined {
  const inGrace = isLicense(holding) ? holding.term : holding;
  return 'graceEndsAt' in inGrace ? new Date(inGrace.graceEndsAt) : undefined;
}

/** What conditions see of one counter. */
export class UsageFacts {
  readonly used: bigint;
  readonly reserved: bigint;

  constructor({ used, reserved }: Pick<Meter, 'used' | 'reserved'>) {
    this.used = BigInt(used);
    this.reserved = BigInt(reserved);
  }
}

/** All that a condition is evaluated on. */
export interface Facts {
  readonly customer: CustomerFacts;
  readonly context: RequestContext;
  /** Null for the catalog's own rules, which speak of all that a customer has. */
  readonly subscription: SubscriptionFacts | null;
  /** The counter of a feature as of `now`. */
  readonly usage: (feature: FeatureKey) => UsageFacts;
  readonly now: Instant;
}

import type { Feature } from '../catalog/catalog.js';
import type { RequestContext } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { type Meter, unusedMeter } from '../usage/meter.js';
import { meterAt } from '../usage/window.js';
import type { Asker } from './asker.js';

/** What is asked about: a customer's account, brought to the instant that is asked about, and one feature. */
export interface Subject {
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly feature: Feature;
  /** The request's facts. ANY: of no request in particular; what is worked out is the most that any may be given. */
  readonly context: RequestContext | 'ANY';
  /** Counts for nothing where the context is ANY. */
  readonly asker: Asker;
}

/** The counter of a feature that is counted; of one that was never used, zero. */
export function counterOf(account: CustomerAccount, feature: Feature, at: Instant): Meter | null {
  switch (feature.type) {
    case 'METERED':
      return meterAt(account, feature, at);
    case 'LIMIT':
    case 'SEATS':
      return account.meters.get(feature.key) ?? unusedMeter(feature.key, null);
    default:
      return null;
  }
}

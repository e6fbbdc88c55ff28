import { z } from 'zod';
import { wireAccount } from './account-wire.js';
import { wireAddOnVersion, wirePlanVersion, wireRelease } from './catalog-wire.js';
import { list } from './wire.js';

/** A customer's compiled state in the form of JSON; docs/snapshots.md. */
export const wireState = z.object({
  release: wireRelease,
  plans: list(wirePlanVersion),
  addOns: list(wireAddOnVersion),
  account: wireAccount,
});

/** As it travels. */
export type StateDocument = z.input<typeof wireState>;
/** As its words mean, with versions as places. */
export type WireState = z.output<typeof wireState>;
export type WireRelease = WireState['release'];
export type WireSubscription = WireState['account']['subscriptions'][number];
export type WireLicense = WireState['account']['licenses'][number];
export type WireBought = WireSubscription['addOns'][number];
export type WirePlanVersion = WireState['plans'][number];

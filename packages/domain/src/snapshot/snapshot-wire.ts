import { wireAccount } from './account-wire.js';
import { wireAddOnVersion, wirePlanVersion, wireRelease } from './catalog-wire.js';
import { list, object, type Read, type Written } from './codec.js';

/** A customer's compiled state in the form of JSON; docs/snapshots.md. */
export const wireState = object({
  release: wireRelease,
  plans: list(wirePlanVersion),
  addOns: list(wireAddOnVersion),
  account: wireAccount,
});

/** As it travels. */
export type StateDocument = Written<typeof wireState>;
/** As its words mean, with versions as places. */
export type WireState = Read<typeof wireState>;
export type WireRelease = WireState['release'];
export type WireSubscription = WireState['account']['subscriptions'][number];
export type WireLicense = WireState['account']['licenses'][number];
export type WireBought = WireSubscription['addOns'][number];
export type WirePlanVersion = WireState['plans'][number];

import type { CustomerAccount, KnownState, Release } from '../customer.js';
import type { FeatureKey, LicenseId, MemberId } from '../ids.js';
import type { License } from '../license/license.js';
import { HIDDEN_MEMBER } from './hidden-member.js';

/** Whom a snapshot is for. A member's shows no other member; a licence's is of that licence alone. */
export type SnapshotAudience =
  | { readonly kind: 'CUSTOMER' }
  | { readonly kind: 'MEMBER'; readonly memberId: MemberId }
  | { readonly kind: 'LICENSE'; readonly licenseId: LicenseId };

/** What of the customer's state is the audience's matter; null: there is no such licence in it. */
export function accountFor(
  { account, release }: KnownState,
  audience: SnapshotAudience,
): CustomerAccount | null {
  switch (audience.kind) {
    case 'CUSTOMER':
      return account;
    case 'MEMBER':
      return withHiddenMembers(account, audience.memberId);
    case 'LICENSE': {
      const license = account.licenses.find(({ id }) => id === audience.licenseId);
      return license === undefined ? null : licenseAlone(account, license, { release, shown: null });
    }
  }
}

/** A machine out of reach: of its licence no other machine, of seats the one that goes along with its member's name. */
export interface FileBearer {
  readonly licenseId: LicenseId;
  readonly fingerprint: string;
  readonly memberId: MemberId | null;
}

/** What of the customer's state goes along with a licence file; null: there is no such licence in it. */
export function accountForFile({ account, release }: KnownState, bearer: FileBearer): CustomerAccount | null {
  const license = account.licenses.find(({ id }) => id === bearer.licenseId);
  if (license === undefined) return null;
  const machines = license.machines
    .filter(({ fingerprint }) => fingerprint === bearer.fingerprint)
    .map((machine) => ({ ...machine, components: [] }));
  return licenseAlone(account, { ...license, machines }, { release, shown: bearer.memberId });
}

/** Seats of others are taken all the same. */
function withHiddenMembers(account: CustomerAccount, shown: MemberId | null): CustomerAccount {
  const seats = account.seats.map((seat) =>
    seat.memberId === shown ? seat : { ...seat, memberId: HIDDEN_MEMBER },
  );
  return { ...account, seats };
}

/** Of grants those that block stay: without them the licence would give what the gateway denies. */
function licenseAlone(
  account: CustomerAccount,
  license: License,
  { release, shown: member }: { readonly release: Release; readonly shown: MemberId | null },
): CustomerAccount {
  const shown = featuresOf(license, release);
  const ofShown = <T>(map: ReadonlyMap<FeatureKey, T>) => new Map([...map].filter(([key]) => shown.has(key)));
  const { seats } = withHiddenMembers(account, member);
  return {
    ...account,
    trialsGiven: new Set(),
    windowAnchors: ofShown(account.windowAnchors),
    subscriptions: [],
    licenses: [license],
    grants: account.grants.filter(({ feature, effect }) => effect.kind === 'BLOCK' && shown.has(feature)),
    meters: ofShown(account.meters),
    reservations: account.reservations.filter(({ feature }) => shown.has(feature)),
    leases: account.leases.filter(({ feature }) => shown.has(feature)),
    blocks: account.blocks.filter(({ source }) => source?.kind === 'LICENSE' && source.id === license.id),
    seats: seats.filter(({ feature }) => shown.has(feature)),
  };
}

/** Those that its plan names, the seats that these need, and those whose counters rules read. */
function featuresOf({ planVersion: { plan } }: License, { catalog }: Release): ReadonlySet<FeatureKey> {
  const named = [...plan.entitlements.keys(), ...plan.rules.map(({ feature }) => feature)];
  const needed = named.flatMap((key) => catalog.features.get(key)?.needsSeat ?? []);
  const read = [...plan.rules, ...catalog.rules].flatMap(({ when }) => [...when.reads.usage]);
  return new Set([...named, ...needed, ...read]);
}

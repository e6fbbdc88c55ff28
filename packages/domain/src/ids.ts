declare const brand: unique symbol;

/** A string that has passed the parser of its kind; nothing else can be handed in its place. */
export type Branded<Kind extends string> = string & { readonly [brand]: Kind };

export type TenantId = Branded<'TenantId'>;
/** The vendor's own identifier of the customer. */
export type CustomerId = Branded<'CustomerId'>;
export type SubscriptionId = Branded<'SubscriptionId'>;
export type GrantId = Branded<'GrantId'>;
export type PlanMigrationId = Branded<'PlanMigrationId'>;
export type ReservationId = Branded<'ReservationId'>;
/** Of a quota lease. */
export type LeaseId = Branded<'LeaseId'>;
export type CreditBlockId = Branded<'CreditBlockId'>;
export type SeatId = Branded<'SeatId'>;
/** A person at a customer, by the vendor's own identifier. */
export type MemberId = Branded<'MemberId'>;
export type LicenseId = Branded<'LicenseId'>;
export type MachineId = Branded<'MachineId'>;
/** Of a file for a machine that never sees a network. */
export type LicenseFileId = Branded<'LicenseFileId'>;
/** Of a signing key: its RFC 7638 thumbprint, so it names one key and no other, and tells nothing. */
export type KeyId = Branded<'KeyId'>;
export type FeatureKey = Branded<'FeatureKey'>;
export type PlanKey = Branded<'PlanKey'>;
export type AddOnKey = Branded<'AddOnKey'>;
/** Plans of one family replace each other. */
export type PlanFamily = Branded<'PlanFamily'>;

const KEY = /^[a-z][a-z0-9-]{0,62}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// Control characters would break logs and headers, halves of surrogate pairs are no text; anything else is the vendor's business.
const CUSTOMER_ID = /^[^\p{Cc}\p{Surrogate}]{1,255}$/u;
const SUBSCRIPTION_ID = /^sub_[0-9a-z]{1,64}$/;
const GRANT_ID = /^grant_[0-9a-z]{1,64}$/;
const PLAN_MIGRATION_ID = /^migration_[0-9a-z]{1,64}$/;
const RESERVATION_ID = /^rsv_[0-9a-z]{1,64}$/;
const LEASE_ID = /^lse_[0-9a-z]{1,64}$/;
const CREDIT_BLOCK_ID = /^blk_[0-9a-z]{1,64}$/;
const SEAT_ID = /^seat_[0-9a-z]{1,64}$/;
const LICENSE_ID = /^lic_[0-9a-z]{1,64}$/;
const MACHINE_ID = /^mach_[0-9a-z]{1,64}$/;
const LICENSE_FILE_ID = /^file_[0-9a-z]{1,64}$/;
const KEY_ID = /^[0-9A-Za-z_-]{43}$/;

function isTenantId(text: string): text is TenantId {
  return UUID.test(text);
}
function isCustomerId(text: string): text is CustomerId {
  return CUSTOMER_ID.test(text);
}
function isSubscriptionId(text: string): text is SubscriptionId {
  return SUBSCRIPTION_ID.test(text);
}
function isGrantId(text: string): text is GrantId {
  return GRANT_ID.test(text);
}
function isPlanMigrationId(text: string): text is PlanMigrationId {
  return PLAN_MIGRATION_ID.test(text);
}
function isReservationId(text: string): text is ReservationId {
  return RESERVATION_ID.test(text);
}
function isLeaseId(text: string): text is LeaseId {
  return LEASE_ID.test(text);
}
function isCreditBlockId(text: string): text is CreditBlockId {
  return CREDIT_BLOCK_ID.test(text);
}
function isSeatId(text: string): text is SeatId {
  return SEAT_ID.test(text);
}
function isMemberId(text: string): text is MemberId {
  return CUSTOMER_ID.test(text);
}
function isLicenseId(text: string): text is LicenseId {
  return LICENSE_ID.test(text);
}
function isMachineId(text: string): text is MachineId {
  return MACHINE_ID.test(text);
}
function isLicenseFileId(text: string): text is LicenseFileId {
  return LICENSE_FILE_ID.test(text);
}
function isKeyId(text: string): text is KeyId {
  return KEY_ID.test(text);
}
function isFeatureKey(text: string): text is FeatureKey {
  return KEY.test(text);
}
function isPlanKey(text: string): text is PlanKey {
  return KEY.test(text);
}
function isPlanFamily(text: string): text is PlanFamily {
  return KEY.test(text);
}
function isAddOnKey(text: string): text is AddOnKey {
  return KEY.test(text);
}

/** Each of these reads an id of its kind; null where the text cannot be one. */
export function parseTenantId(text: string): TenantId | null {
  return isTenantId(text) ? text : null;
}
export function parseCustomerId(text: string): CustomerId | null {
  return isCustomerId(text) ? text : null;
}
export function parseSubscriptionId(text: string): SubscriptionId | null {
  return isSubscriptionId(text) ? text : null;
}
export function parseGrantId(text: string): GrantId | null {
  return isGrantId(text) ? text : null;
}
export function parsePlanMigrationId(text: string): PlanMigrationId | null {
  return isPlanMigrationId(text) ? text : null;
}
export function parseReservationId(text: string): ReservationId | null {
  return isReservationId(text) ? text : null;
}
export function parseLeaseId(text: string): LeaseId | null {
  return isLeaseId(text) ? text : null;
}
export function parseCreditBlockId(text: string): CreditBlockId | null {
  return isCreditBlockId(text) ? text : null;
}
export function parseSeatId(text: string): SeatId | null {
  return isSeatId(text) ? text : null;
}
/** The form is that of customer ids. */
export function parseMemberId(text: string): MemberId | null {
  return isMemberId(text) ? text : null;
}
export function parseLicenseId(text: string): LicenseId | null {
  return isLicenseId(text) ? text : null;
}
export function parseMachineId(text: string): MachineId | null {
  return isMachineId(text) ? text : null;
}
export function parseLicenseFileId(text: string): LicenseFileId | null {
  return isLicenseFileId(text) ? text : null;
}
export function parseKeyId(text: string): KeyId | null {
  return isKeyId(text) ? text : null;
}
export function parseFeatureKey(text: string): FeatureKey | null {
  return isFeatureKey(text) ? text : null;
}
export function parsePlanKey(text: string): PlanKey | null {
  return isPlanKey(text) ? text : null;
}
export function parsePlanFamily(text: string): PlanFamily | null {
  return isPlanFamily(text) ? text : null;
}
export function parseAddOnKey(text: string): AddOnKey | null {
  return isAddOnKey(text) ? text : null;
}

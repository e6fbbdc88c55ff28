import {
  findLicenses,
  INSTALLATION_ISSUER,
  machineIdentity,
  ORIGIN,
  type LicenseOfKey,
  signToken,
  type StampedState,
} from '@licet/database';
import {
  type Asker,
  type CheckRequest,
  decide,
  decideStale,
  denyByLicense,
  formatInstant,
  instant,
  type Instant,
  type License,
  licenseStatus,
  type MachineIdentity,
  type MemberId,
  NOBODY,
  UNKNOWN_LICENSE,
  type Validation,
  validateLicense,
} from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import { type DecisionType, NO_RELEASE, toDecision, toldOfLicense } from '../check/decision-type.js';
import { toLicense } from './license-types.js';
import { validationRecorded } from './record-validation.js';
import type { LicenseValidationType } from './validation-types.js';

/** What a shipped application asks about. */
export interface Asked {
  readonly key: string;
  readonly productVersion: string | null;
  /** As the machine tells of itself. */
  readonly machine: MachineIdentity;
  readonly features: readonly string[];
  /** The person; null: nobody is named. */
  readonly memberId: MemberId | null;
  readonly nonce: string | null;
  /** A revision that the answer must hold; null: any. */
  readonly atLeast: string | null;
}

/** How long a signed answer is good, in milliseconds: as long as an application may take to read it. */
const TOKEN_LIFE = 300_000;
const AUDIENCE = 'licet-application';

/** Whether a key is good, and what its customer may do, signed; docs/decisions/0014. */
export async function validate(context: GatewayContext, asked: Asked): Promise<LicenseValidationType> {
  const { access, services } = context;
  const opened = await openedBy(context, asked);
  if (opened === null) return answerUnknown(context, asked);
  const stamped = await services.states.load(opened.tenantId, opened.customerId);
  const identity = machineIdentity(context.db, opened.tenantId, asked.machine);
  const told = { ...identity, productVersion: asked.productVersion };
  const asker: Asker = { ...NOBODY, ...told };
  const validation = await validationOf(context, opened, stamped, asker);
  context.metrics.check(validation.code);
  const { memberId } = asked;
  const decided = asked.features.map((feature) =>
    decideOn(stamped, validation, { feature, quantity: 1, memberId, ...told }),
  );
  const decisions = access.seesCustomerData
    ? decided
    : decided.map((decision) => toldOfLicense(decision, opened.licenseId));
  const { asOf, now, stale } = stamped;
  const token = await signToken(await services.signers.of(opened.tenantId), {
    issuer: opened.tenantId,
    ...tokenOf(validation, decisions, { asked, asOf, stale }, now),
  });
  const answer = { decisions, asOf, stale, token, ...shown(validation, stamped) };
  const stamp = { release: stamped.state.release.number, revision: stamped.revision, asOf, stale };
  const { productVersion } = asked;
  const validated = {
    validation,
    productVersion,
    memberId,
    machine: identity,
    now,
    stamp,
    decisions: decided,
    ...opened,
  };
  return validationRecorded(context, validated, answer);
}

/** The licence that the key opens at that revision; FORBIDDEN where the caller's credential is not for it. */
async function openedBy(
  { access, address, services }: GatewayContext,
  { key, atLeast }: Asked,
): Promise<LicenseOfKey | null> {
  const guesser = { address, tenantId: access.ownTenant, isService: access.seesCustomerData };
  const opened = await services.licenseKeys.open(key, guesser);
  if (opened === null) return null;
  const { tenantId, licenseId, customerId } = opened;
  access.requireLicense('input.key', licenseId);
  access.requireOwner('the licence of this key', customerId);
  if (atLeast === null) return opened;
  const reached = await services.states.reach(tenantId, atLeast, [customerId]);
  granted(reached.ok ? reached : { ...reached, field: 'atLeast' }, 'input');
  // It may have been taken away by then.
  return services.licenseKeys.open(key, guesser);
}

async function validationOf(
  { db }: GatewayContext,
  { tenantId, licenseId }: LicenseOfKey,
  { state, asOf, now, stale }: StampedState,
  asker: Asker,
): Promise<Validation> {
  const request = { licenseId, ended: null, asker, now, staleSince: stale ? asOf : null };
  const first = validateLicense(state, request);
  if (first.code !== 'UNKNOWN_LICENSE') return first;
  // States leave out what has ended long ago.
  const found = await findLicenses(db, tenantId, [licenseId]);
  return validateLicense(state, { ...request, ended: found.get(licenseId)?.license ?? null });
}

/** What a check would say; with a key that was taken away nothing is told of the customer. */
function decideOn(
  { state, revision, asOf, now, stale }: StampedState,
  { code, license }: Validation,
  request: CheckRequest,
): DecisionType {
  const decided = stale ? decideStale(state, request, now, asOf) : decide(state, request, now);
  const decision =
    code === 'LICENSE_REVOKED' || code === 'UNKNOWN_LICENSE'
      ? denyByLicense(code, license?.customerId ?? '', request.feature)
      : decided;
  return toDecision(decision, { release: state.release.number, revision, asOf, stale });
}

function shown(
  { valid, code, message, license }: Validation,
  { state }: StampedState,
): Pick<LicenseValidationType, 'valid' | 'code' | 'message' | 'license'> {
  return { valid, code, message, license: license && toLicense(license, state.release) };
}

/** Signed by the installation. */
async function answerUnknown(context: GatewayContext, asked: Asked): Promise<LicenseValidationType> {
  const { access, db, services, feed, metrics } = context;
  const validation = UNKNOWN_LICENSE;
  metrics.check(validation.code);
  const now = feed.clock.now();
  const stamp = { release: NO_RELEASE, revision: ORIGIN, asOf: now, stale: false };
  const decisions = asked.features.map((feature) =>
    toDecision(denyByLicense('UNKNOWN_LICENSE', '', feature), stamp),
  );
  const token = await signToken(services.installationKey.privateKey, {
    issuer: INSTALLATION_ISSUER,
    ...tokenOf(validation, decisions, { asked, asOf: now, stale: false }, now),
  });
  const { valid, code, message } = validation;
  const answer = { valid, code, message, license: null, decisions, asOf: now, stale: false, token };
  const tenantId = access.ownTenant;
  // Nobody knows whose attempt it was: it is counted, and is in no tenant's log.
  if (tenantId === null) return answer;
  const { productVersion, memberId } = asked;
  const machine = machineIdentity(db, tenantId, asked.machine);
  const nobodys = { tenantId, customerId: '', licenseId: null, productVersion, memberId };
  const validated = { ...nobodys, validation, machine, now, stamp, decisions };
  return validationRecorded(context, validated, answer);
}

interface Answered {
  readonly asked: Asked;
  readonly asOf: Instant;
  readonly stale: boolean;
}

function tokenOf(
  { valid, code, license }: Validation,
  decisions: readonly DecisionType[],
  { asked, asOf, stale }: Answered,
  now: Instant,
) {
  return {
    type: 'licet-validation+jwt',
    audience: AUDIENCE,
    issuedAt: now,
    expiresAt: instant(now + TOKEN_LIFE),
    claims: {
      valid,
      code,
      stale,
      asOf: formatInstant(asOf),
      license: license && claimsOf(license),
      decisions: decisions.map(({ feature, allowed, code: decided, value, limit, unlimited, remaining }) => {
        return { feature, allowed, code: decided, value, limit, unlimited, remaining };
      }),
      ...(asked.nonce === null ? {} : { nonce: asked.nonce }),
    },
  } as const;
}

function claimsOf(license: License) {
  const { id, planVersion, expiresAt, maintenanceUntil } = license;
  return {
    id,
    plan: planVersion.plan.key,
    status: licenseStatus(license),
    expiresAt: expiresAt && formatInstant(expiresAt),
    maintenanceUntil: maintenanceUntil && formatInstant(maintenanceUntil),
  };
}

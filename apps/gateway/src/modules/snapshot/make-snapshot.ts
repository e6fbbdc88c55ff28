import { createHash } from 'node:crypto';
import {
  countSnapshot,
  type PrivateKey,
  type Revision,
  signSnapshot,
  type StampedState,
} from '@licet/database';
import {
  canonicalJson,
  type CustomerId,
  type Instant,
  instant,
  type KnownState,
  type SnapshotAudience,
  snapshotState,
  type SnapshotTimes,
  snapshotTimes,
} from '@licet/domain';
import type { Access } from '../../access.js';
import type { GatewayContext } from '../../context.js';
import { ApiError, notFound } from '../../errors/api-error.js';

/** A snapshot that was signed just now. */
export interface MadeSnapshot {
  readonly customerId: CustomerId;
  readonly revision: Revision;
  readonly token: string;
  readonly times: SnapshotTimes;
  /** Names what it holds and when it was issued, so that whoever has one learns whether to fetch another. */
  readonly etag: string;
}

/** Often enough that two gateways in turn do not keep each other out. */
const ATTEMPTS = 5;

/**
 * Signs what the caller may see of a customer, under a number that no other snapshot of the customer has; null: the one that
 * `known` (an ETag) names holds the same, and is young. NOT_FOUND for a customer that is not there.
 */
export async function makeSnapshot(
  context: GatewayContext,
  customerId: CustomerId,
  known: string | null = null,
): Promise<MadeSnapshot | null> {
  const { access, db, services } = context;
  const { tenantId } = access;
  let stamped = await context.states.load(customerId);
  const audience = audienceOf(access);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { revision, now } = stamped;
    const shown = shownTo(stamped, customerId, audience);
    const key = await services.signers.of(tenantId);
    const times = snapshotTimes(shown.state, now);
    const digest = digestOf(shown.document, audience, key);
    if (known !== null && isGood(known, digest, times)) return null;
    const counter = await countSnapshot(db, tenantId, { customerId, revision });
    if (counter !== null) {
      const stamp = { counter, revision, audience };
      const content = { tenantId, customerId, stamp, times, state: shown.document };
      const token = await signSnapshot(key, content);
      return { customerId, revision, token, times, etag: etagOf(digest, times.issuedAt) };
    }
    // Another gateway has signed a newer state than the one that is kept here.
    ({ stamped } = await context.store.read(tenantId, customerId));
  }
  throw new ApiError('UNAVAILABLE', 'the customer changes faster than its state can be signed; try again');
}

/** A token is of a customer or a member, a licence key of its licence; an API key sees all of its customers. */
function audienceOf(access: Access): SnapshotAudience {
  const { ownLicense } = access;
  if (ownLicense !== null) return { kind: 'LICENSE', licenseId: ownLicense.licenseId };
  const memberId = access.requireMember('memberId', null);
  return memberId === null ? { kind: 'CUSTOMER' } : { kind: 'MEMBER', memberId };
}

interface Shown {
  readonly state: KnownState;
  readonly document: object;
}

function shownTo({ state }: StampedState, customerId: CustomerId, audience: SnapshotAudience): Shown {
  if (state.kind !== 'KNOWN')
    throw state.kind === 'UNKNOWN_CUSTOMER'
      ? notFound('customerId', `there is no customer \`${customerId}\``)
      : new ApiError('UNAVAILABLE', 'the state is out of reach, and nothing is signed without it; try again');
  const document = snapshotState(state, audience);
  if (document !== null) return { state, document };
  throw notFound('customerId', 'the licence ended too long ago to decide anything; renew it first');
}

/** Of what a snapshot holds, but for what each has of its own: number, revision and times. */
function digestOf(document: object, audience: SnapshotAudience, { kid }: PrivateKey): string {
  const text = canonicalJson([document, audience, kid]);
  return createHash('sha256').update(text).digest('base64url');
}

function etagOf(digest: string, issuedAt: Instant): string {
  return `"${digest}.${(issuedAt / 1000).toString(36)}"`;
}

const ETAG = /"([A-Za-z0-9_-]{43})\.([0-9a-z]{1,9})"/;

/** Whether a snapshot of the same has half of its fresh time before it: then there is nothing to be won. */
function isGood(header: string, digest: string, { issuedAt, refreshAfter }: SnapshotTimes): boolean {
  return header.split(',').some((tag) => {
    const [, of, seconds] = ETAG.exec(tag) ?? [];
    if (of !== digest || seconds === undefined) return false;
    const age = issuedAt - instant(parseInt(seconds, 36) * 1000);
    return age >= 0 && age < (refreshAfter - issuedAt) / 2;
  });
}

import {
  type CustomerId,
  type Instant,
  type KeyId,
  readSnapshot,
  type Snapshot,
  SNAPSHOT_AUDIENCE,
  snapshotClaims,
  type SnapshotStamp,
  type SnapshotTimes,
  type TenantId,
} from '@licet/domain';
import type { PrivateKey, PublicJwk } from './key-pair.js';
import { signToken } from './sign-token.js';
import { type TokenProblem, verifyToken } from './verify-token.js';

const TYPE = 'licet-snapshot+jwt';

/** What a snapshot says. `state`: as `snapshotState` of the domain makes it. */
export interface SnapshotContent {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  readonly stamp: SnapshotStamp;
  readonly times: SnapshotTimes;
  readonly state: object;
}

/** A snapshot as a compact JWS; docs/snapshots.md. */
export function signSnapshot(
  key: PrivateKey,
  { tenantId, customerId, stamp, times, state }: SnapshotContent,
): Promise<string> {
  return signToken(key, {
    type: TYPE,
    issuer: tenantId,
    audience: SNAPSHOT_AUDIENCE,
    issuedAt: times.issuedAt,
    expiresAt: times.expiresAt,
    claims: snapshotClaims(customerId, stamp, times, state),
  });
}

/** FORM: it is signed, and not of a form that is known here. */
export type SnapshotProblem = TokenProblem | 'FORM';

export type VerifiedSnapshot =
  | { readonly ok: true; readonly snapshot: Snapshot; readonly kid: KeyId }
  | { readonly ok: false; readonly problem: SnapshotProblem };

/** A snapshot by these keys of its tenant; how old it is, and whether it is the newest, is for the caller to judge. */
export async function verifySnapshot(
  keys: readonly PublicJwk[],
  token: string,
  { tenantId, now }: { readonly tenantId: TenantId; readonly now: Instant },
): Promise<VerifiedSnapshot> {
  const wanted = { type: TYPE, issuer: tenantId, audience: SNAPSHOT_AUDIENCE, now } as const;
  const verified = await verifyToken(keys, token, wanted);
  if (!verified.ok) return verified;
  const { kid, issuedAt, expiresAt, claims } = verified;
  const reading = readSnapshot({
    ...claims,
    iss: tenantId,
    aud: SNAPSHOT_AUDIENCE,
    iat: issuedAt / 1000,
    exp: expiresAt / 1000,
  });
  return reading.ok ? { ok: true, snapshot: reading.snapshot, kid } : { ok: false, problem: 'FORM' };
}

import { generateKeyPairSync, sign } from 'node:crypto';
import {
  type KnownState,
  parseTenantId,
  SNAPSHOT_AUDIENCE,
  snapshotClaims,
  snapshotState,
  snapshotTimes,
} from '@licet/domain';
import type { createClient } from '@licet/sdk';
import { known } from '../seed/tenant.js';
import { inSeconds } from './states.js';

const TENANT = known(parseTenantId('0a000000-0000-4000-8000-00000000000a'));
const AUDIENCE = { kind: 'CUSTOMER' } as const;
const KID = 'benchmark';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
export { publicKey };

type Fetch = NonNullable<Parameters<typeof createClient>[0]['fetch']>;

/** A customer's snapshot as the gateway makes it, signed by this process's own key. */
export function signedSnapshot(state: KnownState, now: number): string {
  const times = snapshotTimes(state, inSeconds(now));
  const stamp = { counter: 1, revision: '1.0', audience: AUDIENCE };
  const claims = snapshotClaims(state.account.id, stamp, times, known(snapshotState(state, AUDIENCE)));
  const { issuedAt, expiresAt } = times;
  return signed({
    ...{ iss: TENANT, aud: SNAPSHOT_AUDIENCE, iat: issuedAt / 1000, exp: expiresAt / 1000 },
    ...claims,
  });
}

function signed(payload: object): string {
  const header = { alg: 'EdDSA', typ: 'licet-snapshot+jwt', kid: KID };
  const input = [header, payload].map((part) => base64url(JSON.stringify(part))).join('.');
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** A gateway that gives this snapshot and the key that verifies it, and answers nothing else. */
export function gatewayOf(token: string): Fetch {
  const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KID }] });
  return (address) => {
    const { pathname } = new URL(address instanceof Request ? address.url : address);
    if (pathname === '/v1/snapshot') return Promise.resolve(new Response(token));
    if (pathname === '/.well-known/jwks.json') return Promise.resolve(new Response(keys));
    return Promise.reject(new TypeError('no answer'));
  };
}

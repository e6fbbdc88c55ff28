import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type PrivateKey, publicJwk, type PublicJwk } from './key-pair.js';

/** What `iss` says where no tenant speaks: a licence key that opens nothing is of no tenant. */
export const INSTALLATION_ISSUER = 'licet';

/** PKCS #8 of an Ed25519 key (RFC 8410), up to its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface InstallationKey {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicJwk;
}

/** The key of the installation itself, the same in each process: made of the purpose key `installation-key` (32 bytes). */
export function installationKey(purposeKey: Buffer): InstallationKey {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, purposeKey]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new Error('an Ed25519 key has a point');
  const publicKey = publicJwk(x);
  return { privateKey: { kid: publicKey.kid, key }, publicKey };
}

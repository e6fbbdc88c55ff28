import { readFileSync } from 'node:fs';
import path from 'node:path';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose';

/** The customer's state in the repository's own vectors, with features that fail in each way. */
const VECTORS = path.join(__dirname, '../../database/test/tokens/snapshot-vectors.json');

interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly token: string;
}

export const vectors: { readonly keys: readonly JWK[]; readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(VECTORS, 'utf8'),
);

export type Payload = Readonly<Record<string, unknown>>;

export function payloadOf(token: string): Payload {
  const payload: Payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return payload;
}

export const TENANT = '0a000000-0000-4000-8000-00000000000a';
export const CUSTOMER = 'ada';

interface Genuine extends Payload {
  readonly state: {
    readonly release: { readonly catalog: { readonly features: object[] } };
    readonly plans: readonly [
      { readonly plan: { readonly entitlements: (readonly [string, object])[]; rules: readonly object[] } },
    ];
  };
}

/** Features: `sso` closed, with a rule; `calls` closed, 100 of them; `editor` open; `reports` by what was last known 20 s ago. */
export function statePayload({ rules = true, editor = true } = {}): Payload {
  const genuine = vectors.vectors[0];
  if (genuine === undefined) throw new Error('the vectors hold a genuine snapshot');
  const payload: Genuine = JSON.parse(JSON.stringify(payloadOf(genuine.token)));
  const { catalog } = payload.state.release;
  const [sso] = catalog.features;
  catalog.features.push({ ...sso, key: 'editor', whenUnknown: { kind: 'OPEN' } });
  catalog.features.push({ ...sso, key: 'reports', whenUnknown: { kind: 'LAST_KNOWN', maxAge: 'PT20S' } });
  const [{ plan }] = payload.state.plans;
  if (editor) plan.entitlements.push(['editor', { kind: 'ON' }]);
  plan.entitlements.push(['reports', { kind: 'ON' }]);
  if (!rules) plan.rules = [];
  return payload;
}

/** Signs as a tenant does. */
export class Signer {
  private constructor(
    private readonly key: CryptoKey,
    readonly jwk: JWK & { readonly kid: string },
  ) {}

  static async make(): Promise<Signer> {
    const { publicKey, privateKey } = await generateKeyPair('Ed25519', { extractable: true });
    const jwk = await exportJWK(publicKey);
    return new Signer(privateKey, { ...jwk, kid: await calculateJwkThumbprint(jwk) });
  }

  sign(payload: Payload, header: object = {}): Promise<string> {
    return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', typ: 'licet-snapshot+jwt', kid: this.jwk.kid, ...header })
      .sign(this.key);
  }
}

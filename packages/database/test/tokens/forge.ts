import { createHmac, createPublicKey, sign } from 'node:crypto';
import { parseTenantId, type TenantId } from '@licet/domain';
import type { PublicJwk } from '../../src/signing/key-pair.js';
import { type Json, keyNamed, type NamedKey, NOW, SECONDS, TENANT, type TokenVector } from './vectors.js';

/** Vectors for verifiers in any language: whoever wants `wanted` of a token, and has `keys`, answers as each says. */
export interface TokenVectors {
  readonly about: string;
  readonly keys: readonly PublicJwk[];
  readonly wanted: {
    readonly type: string;
    readonly issuer: string;
    readonly audience: string;
    readonly now: string;
  };
  readonly vectors: readonly TokenVector[];
}

type Signer = (input: Buffer) => Buffer;

const TYPE = 'licet-customer+jwt';
const AUDIENCE = 'licet';

function tenant(text: string): TenantId {
  const id = parseTenantId(text);
  if (id === null) throw new Error(`not a tenant id: ${text}`);
  return id;
}

const OWN = tenant(TENANT);
const OTHER = tenant('0b000000-0000-4000-8000-00000000000b');

/** The order of the group: a signature with it added is that of another text of the same token. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function signerNamed(name: string): NamedKey & { readonly signer: Signer } {
  const named = keyNamed(`licet token vectors: ${name}`);
  return { ...named, signer: (input) => sign(null, input, named.key) };
}

const ours = signerNamed('ours');
const older = signerNamed('ours, retiring');
const gone = signerNamed('ours, retired');
const foreign = signerNamed('another tenant');
const attacker = signerNamed('attacker');

const HEADER = { alg: 'EdDSA', typ: TYPE, kid: ours.jwk.kid };
const PAYLOAD = { sub: 'ada', iss: OWN, aud: AUDIENCE, iat: SECONDS - 60, exp: SECONDS + 840 };

function encode(value: Json | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function token(header: Json | string, payload: Json | string, signer: Signer = ours.signer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`;
}

function hmac(secret: string | Buffer): Signer {
  return (input) => createHmac('sha256', secret).update(input).digest();
}

function without(object: Json, name: string): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

/** The same signature, S + L in place of S. */
function malleated(input: Buffer): Buffer {
  const signature = ours.signer(input);
  const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ORDER;
  const bytes = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([signature.subarray(0, 32), bytes]);
}

const GENUINE = token(HEADER, PAYLOAD);
const [GENUINE_HEADER = '', GENUINE_PAYLOAD = '', GENUINE_SIGNATURE = ''] = GENUINE.split('.');

function genuine(): TokenVector[] {
  const signed = (name: string, text: string): TokenVector => ({ name, expect: 'OK', token: text });
  return [
    signed('genuine', GENUINE),
    signed(
      'signed by the key that is retiring',
      token({ ...HEADER, kid: older.jwk.kid }, PAYLOAD, older.signer),
    ),
    signed('the audience as a list', token(HEADER, { ...PAYLOAD, aud: ['elsewhere', AUDIENCE] })),
    signed('the last second of its life', token(HEADER, { ...PAYLOAD, exp: SECONDS + 1 })),
    signed('of the longest life', token(HEADER, { ...PAYLOAD, exp: PAYLOAD.iat + 86_400 })),
    signed('signed by a clock 5 s ahead', token(HEADER, { ...PAYLOAD, iat: SECONDS + 5 })),
    signed(
      'genuine, with keys and addresses in the header that nobody asks for',
      token(
        {
          ...HEADER,
          jwk: attacker.jwk,
          jku: 'https://attacker.test/jwks.json',
          x5u: 'https://attacker.test/x5u',
        },
        PAYLOAD,
      ),
    ),
  ];
}

function malformed(): TokenVector[] {
  const broken = (name: string, text: string): TokenVector => ({ name, expect: 'MALFORMED', token: text });
  return [
    broken('empty', ''),
    broken('no token at all', 'lk_reader_0000'),
    broken('two parts', `${GENUINE_HEADER}.${GENUINE_PAYLOAD}`),
    broken('four parts', `${GENUINE}.x`),
    broken('five parts, as an encrypted token has', `${GENUINE}.AA.AA`),
    broken('an empty header', `.${GENUINE_PAYLOAD}.${GENUINE_SIGNATURE}`),
    broken('padded base64', `${GENUINE}==`),
    broken('a space behind it', `${GENUINE} `),
    broken('the last character changed where it carries no bits', `${GENUINE.slice(0, -1)}${spare(GENUINE)}`),
    broken('a header that is no JSON', token('{', PAYLOAD)),
    broken('a header that is a list', token('[]', PAYLOAD)),
    broken('claims that are no JSON', token(HEADER, 'ada')),
    broken('claims that are a list', token(HEADER, '[]')),
    broken('a critical extension', token({ ...HEADER, crit: ['x'], x: 1 }, PAYLOAD)),
    broken('claims that are not encoded', token({ ...HEADER, crit: ['b64'], b64: false }, PAYLOAD)),
    broken('longer than any token of ours', token(HEADER, { ...PAYLOAD, pad: 'x'.repeat(16_384) })),
  ];
}

/** The next character: the last of 86 carries two bits of four. */
function spare(text: string): string {
  return { A: 'B', Q: 'R', g: 'h', w: 'x' }[text.slice(-1)] ?? '_';
}

function wrongAlgorithm(): TokenVector[] {
  const refused = (name: string, text: string): TokenVector => ({ name, expect: 'ALGORITHM', token: text });
  const hs = { ...HEADER, alg: 'HS256' };
  const pem = createPublicKey(ours.key).export({ format: 'pem', type: 'spki' }).toString();
  return [
    ...['none', 'None', 'NONE', 'nOnE'].map((alg) =>
      refused(
        `alg ${alg}, without a signature`,
        token({ ...HEADER, alg }, PAYLOAD, () => Buffer.alloc(0)),
      ),
    ),
    refused('alg none, with a genuine signature', token({ ...HEADER, alg: 'none' }, PAYLOAD)),
    refused(
      'HMAC with the point of the public key',
      token(hs, PAYLOAD, hmac(Buffer.from(ours.jwk.x, 'base64url'))),
    ),
    refused('HMAC with the text of the point', token(hs, PAYLOAD, hmac(ours.jwk.x))),
    refused('HMAC with the public key as JWK', token(hs, PAYLOAD, hmac(JSON.stringify(ours.jwk)))),
    refused('HMAC with the public key as PEM', token(hs, PAYLOAD, hmac(pem))),
    refused('HMAC with nothing', token(hs, PAYLOAD, hmac(''))),
    ...['ES256', 'RS256', 'PS256', 'Ed448', 'eddsa', 'Ed25519'].map((alg) =>
      refused(`alg ${alg}`, token({ ...HEADER, alg }, PAYLOAD)),
    ),
  ];
}

function wrongKey(): TokenVector[] {
  const refused = (name: string, header: Json, signer = attacker.signer): TokenVector => ({
    name,
    expect: 'KEY',
    token: token(header, PAYLOAD, signer),
  });
  const { kid } = attacker.jwk;
  return [
    refused('no kid', without(HEADER, 'kid'), ours.signer),
    refused('an unknown kid', { ...HEADER, kid }),
    refused('a retired key', { ...HEADER, kid: gone.jwk.kid }, gone.signer),
    refused("another tenant's key", { ...HEADER, kid: foreign.jwk.kid }, foreign.signer),
    refused('a key of its own as jwk', { ...HEADER, kid, jwk: attacker.jwk }),
    refused('a key of its own as jwk, without kid', { ...without(HEADER, 'kid'), jwk: attacker.jwk }),
    refused('an address of its own as jku', { ...HEADER, kid, jku: 'https://attacker.test/jwks.json' }),
    refused('an address of its own as x5u', { ...HEADER, kid, x5u: 'https://attacker.test/certificate' }),
    ...['', '../../../dev/null', "' or '1'='1", `${ours.jwk.kid}\u0000`, '__proto__', '*'].map((injected) =>
      refused(`kid ${JSON.stringify(injected)}`, { ...HEADER, kid: injected }),
    ),
    ...[0, null, true, [ours.jwk.kid], { toString: ours.jwk.kid }].map((injected) =>
      refused(`kid ${JSON.stringify(injected)}`, { ...HEADER, kid: injected }, ours.signer),
    ),
    {
      name: "another tenant's token, genuine there",
      expect: 'KEY',
      token: token({ ...HEADER, kid: foreign.jwk.kid }, { ...PAYLOAD, iss: OTHER }, foreign.signer),
    },
  ];
}

function wrongSignature(): TokenVector[] {
  const refused = (name: string, text: string): TokenVector => ({ name, expect: 'SIGNATURE', token: text });
  const forBob: Json = { ...PAYLOAD, sub: 'bob' };
  return [
    refused('altered claims', `${GENUINE_HEADER}.${encode(forBob)}.${GENUINE_SIGNATURE}`),
    refused(
      'a longer life',
      `${GENUINE_HEADER}.${encode({ ...PAYLOAD, exp: SECONDS + 9000 })}.${GENUINE_SIGNATURE}`,
    ),
    refused('altered header', `${encode({ ...HEADER, typ: 'JWT' })}.${GENUINE_PAYLOAD}.${GENUINE_SIGNATURE}`),
    refused('no signature', `${GENUINE_HEADER}.${GENUINE_PAYLOAD}.`),
    refused(
      'half a signature',
      token(HEADER, PAYLOAD, (input) => ours.signer(input).subarray(0, 32)),
    ),
    refused(
      'a signature of zeros',
      token(HEADER, PAYLOAD, () => Buffer.alloc(64)),
    ),
    refused('a signature with the order of the group added', token(HEADER, PAYLOAD, malleated)),
    refused('our kid, signed by an attacker', token(HEADER, PAYLOAD, attacker.signer)),
    refused('our kid, signed by another tenant', token(HEADER, PAYLOAD, foreign.signer)),
    refused('our kid, signed by the key that is retiring', token(HEADER, PAYLOAD, older.signer)),
    refused(
      'our kid, and the key that signed as jwk',
      token({ ...HEADER, jwk: attacker.jwk }, PAYLOAD, attacker.signer),
    ),
  ];
}

function wrongType(): TokenVector[] {
  const refused = (name: string, header: Json): TokenVector => ({
    name,
    expect: 'TYPE',
    token: token(header, PAYLOAD),
  });
  return [
    refused('no typ', without(HEADER, 'typ')),
    refused('typ JWT', { ...HEADER, typ: 'JWT' }),
    refused('the typ of another token of ours', { ...HEADER, typ: 'licet-validation+jwt' }),
    refused('a typ that is no text', { ...HEADER, typ: [TYPE] }),
  ];
}

function wrongClaims(): TokenVector[] {
  const refused = (name: string, payload: Json, expect = 'CLAIMS'): TokenVector => ({
    name,
    expect,
    token: token(HEADER, payload),
  });
  return [
    ...['iss', 'aud', 'iat', 'exp'].map((claim) => refused(`no ${claim}`, without(PAYLOAD, claim))),
    refused("another tenant's id as issuer", { ...PAYLOAD, iss: OTHER }),
    refused('issuers as a list', { ...PAYLOAD, iss: [OWN] }),
    refused('for another audience', { ...PAYLOAD, aud: 'elsewhere' }),
    refused('for no audience', { ...PAYLOAD, aud: [] }),
    refused('exp that is no number', { ...PAYLOAD, exp: String(PAYLOAD.exp) }),
    refused('iat that is no number', { ...PAYLOAD, iat: String(PAYLOAD.iat) }),
    refused('signed in the future', { ...PAYLOAD, iat: SECONDS + 6 }),
    refused('not valid yet', { ...PAYLOAD, nbf: SECONDS + 60 }),
    refused('a life of more than a day', { ...PAYLOAD, exp: PAYLOAD.iat + 86_401 }),
    refused('expires this very second', { ...PAYLOAD, exp: SECONDS }, 'EXPIRED'),
    refused('expired', { ...PAYLOAD, iat: SECONDS - 900, exp: SECONDS - 1 }, 'EXPIRED'),
  ];
}

/** All vectors, the same each time: Ed25519 knows no chance, and the keys are made from words. */
export function forgeVectors(): TokenVectors {
  return {
    about:
      'Tokens and what a verifier says of them that wants `wanted` and knows `keys`: OK, or the first problem that applies. The keys are for tests alone.',
    keys: [ours.jwk, older.jwk],
    wanted: { type: TYPE, issuer: OWN, audience: AUDIENCE, now: NOW },
    vectors: [
      ...genuine(),
      ...malformed(),
      ...wrongAlgorithm(),
      ...wrongKey(),
      ...wrongSignature(),
      ...wrongType(),
      ...wrongClaims(),
    ],
  };
}

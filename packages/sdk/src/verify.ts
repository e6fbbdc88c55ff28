import {
  type ConditionReader,
  readSnapshotBy,
  type Snapshot,
  type SnapshotReading,
} from '@licet/domain/offline';
import { signedPayload } from '#signed-payload';
import type { JWK, JWK_OKP_Public, JWSHeaderParameters } from 'jose';

const TYPE = 'licet-snapshot+jwt';
/** As in the gateway's own verifier: a snapshot holds all that a customer has. */
const LENGTH_MAX = 16_777_216;

/** Why a text is no snapshot that these keys have signed; `isKeyMissing`: another key set may have the key. */
export class RefusedSnapshot extends Error {
  constructor(
    message: string,
    readonly isKeyMissing = false,
  ) {
    super(message);
  }
}

/**
 * Verifies a snapshot by these keys and reads it; throws RefusedSnapshot. How old it is, whose, and whether it is the newest is for the
 * caller to judge: one that has expired still says which features fail open.
 */
export async function verifySnapshot(token: string, keys: readonly JWK[]): Promise<Snapshot> {
  if (token.length > LENGTH_MAX) throw new RefusedSnapshot('it is too long');
  const reading = await readingOf(await payloadOf(token, keys));
  if (reading.ok) return reading.snapshot;
  throw new RefusedSnapshot(`\`${reading.path}\`: ${reading.message}; a newer SDK may read it`);
}

async function payloadOf(token: string, keys: readonly JWK[]): Promise<unknown> {
  try {
    return JSON.parse(await signedPayload(token, (header) => keyNamedBy(header, keys)));
  } catch (error) {
    if (error instanceof RefusedSnapshot) throw error;
    throw new RefusedSnapshot(error instanceof Error ? error.message : String(error));
  }
}

function keyNamedBy({ kid, typ }: JWSHeaderParameters, keys: readonly JWK[]): JWK_OKP_Public {
  if (typ !== TYPE) throw new RefusedSnapshot('it is no snapshot');
  const key = keys.find((known) => known.kid === kid);
  if (key === undefined) throw new RefusedSnapshot('it was signed by a key that is not known', true);
  return ed25519KeyOf(key);
}

/** Nothing else that a key set says of a key is taken from it. */
function ed25519KeyOf({ kid, kty, crv, x }: JWK): JWK_OKP_Public {
  if (kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string') return { kty, crv, x };
  throw new RefusedSnapshot(
    `the key \`${String(kid)}\` is no Ed25519 key (\`kty\` OKP, \`crv\` Ed25519, and an \`x\`), and no other signs snapshots`,
  );
}

/** CEL is loaded for snapshots that have conditions, and for no others. */
async function readingOf(payload: unknown): Promise<SnapshotReading> {
  const met: string[] = [];
  const noConditions: ConditionReader = (text) => {
    met.push(text);
    return { ok: false, faults: [] };
  };
  const reading = readSnapshotBy(noConditions, payload);
  if (met.length === 0) return reading;
  const { readCondition } = await import('@licet/domain/conditions');
  return readSnapshotBy(readCondition, payload);
}

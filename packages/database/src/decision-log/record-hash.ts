import { createHmac, hash } from 'node:crypto';

/** Where a record was made: the process, its flush, and the place in that. It stays so, wherever the record goes. */
export interface Origin {
  readonly gatewayId: string;
  readonly seq: number;
  readonly index: number;
}

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
const UUID_BYTES = 16;

/**
 * SHA-256 over 0x00, a nonce and the record's line. The nonce is an HMAC under the customer's key over gateway (16 bytes), number
 * (8) and place (4): it is stored nowhere, and who has not the key cannot guess at the record.
 */
export function recordHash(ofCustomer: Buffer, { gatewayId, seq, index }: Origin, line: string): Buffer {
  const origin = Buffer.alloc(UUID_BYTES + 12);
  origin.write(gatewayId.replaceAll('-', ''), 'hex');
  origin.writeBigUInt64BE(BigInt(seq), UUID_BYTES);
  origin.writeUInt32BE(index, UUID_BYTES + 8);
  const nonce = createHmac('sha256', ofCustomer).update(origin).digest();
  return hash('sha256', Buffer.concat([LEAF, nonce, Buffer.from(line)]), 'buffer');
}

/** The root of a tree over these hashes, at least one, as in RFC 6962: one of them can be shown to be among them without the others. */
export function rootOf(hashes: readonly Buffer[]): Buffer {
  // The tree of n leaves splits at the largest power of two below n: level by level, the last one without a partner goes up as it is.
  let level = [...hashes];
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = level.slice(at, at + 2);
      if (left) above.push(right ? hash('sha256', Buffer.concat([NODE, left, right]), 'buffer') : left);
    }
    level = above;
  }
  const [root] = level;
  if (!root) throw new RangeError('there is no root of nothing');
  return root;
}

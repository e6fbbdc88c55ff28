import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;

/**
 * HMAC-SHA256 (RFC 2104) of many short texts under one key, as text of one character per byte. Two one-shot digests
 * take a third of the time of `createHmac`, which makes an object for each text.
 */
export function keyedDigest(key: Buffer): (text: string) => string {
  let inner = padded(key, 0x36, 1_024);
  const outer = padded(key, 0x5c, DIGEST);
  return (text) => {
    const most = text.length * 3;
    if (BLOCK + most > inner.length) inner = padded(key, 0x36, most);
    const end = BLOCK + inner.write(text, BLOCK);
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK, 'latin1');
    return hash('sha256', outer, 'binary');
  };
}

function padded(key: Buffer, pad: number, room: number): Buffer {
  if (key.length > BLOCK) throw new RangeError(`a key has at most ${String(BLOCK)} bytes`);
  const block = Buffer.alloc(BLOCK + room);
  block.fill(pad, 0, BLOCK);
  key.forEach((byte, index) => (block[index] = byte ^ pad));
  return block;
}

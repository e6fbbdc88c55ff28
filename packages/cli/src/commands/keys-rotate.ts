import { randomUUID } from 'node:crypto';
import { ask, fieldOf, type Gateway, mustText, publishedKeys } from '../gateway.js';
import { mustBeWritable, type Output, writeText } from '../output.js';

export interface RotateOptions {
  readonly overlap?: string;
  readonly idempotencyKey?: string;
  readonly keysOut?: string;
}

const ROTATE = `mutation ($overlap: Duration, $key: String!) {
  rotateSigningKey(overlap: $overlap, idempotencyKey: $key) { key { kid status createdAt } } }`;

/** Has the gateway make a new signing key; the old one signs until the overlap is over. */
export async function rotateKeys(gateway: Gateway, options: RotateOptions, output: Output): Promise<void> {
  const { overlap = null, idempotencyKey = `licet-cli:${randomUUID()}`, keysOut } = options;
  mustBeWritable(keysOut, 'the keys');
  output.progress(`asking ${gateway.url} …`);
  const { rotateSigningKey: result } = await ask(gateway, ROTATE, { overlap, key: idempotencyKey });
  const key = fieldOf(result, 'key');
  if (keysOut !== undefined) {
    const { tenant } = await ask(gateway, '{ tenant { id } }');
    const set = await publishedKeys(gateway, mustText(tenant, 'id'));
    writeText(keysOut, JSON.stringify(set), 'the keys');
  }
  output.progress(
    'carry the new keys to machines that never see a network before the old key has signed last',
  );
  output.answer({ ok: true, key }, mustText(key, 'kid'));
}

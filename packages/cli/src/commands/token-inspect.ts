import { instant, parseInstant } from '@licet/domain';
import { existsSync } from 'node:fs';
import { Failure } from '../failure.js';
import { type Output, readText } from '../output.js';
import { decoded, readKeys, timeOf, verifyAny } from '../tokens.js';

export interface InspectOptions {
  readonly keys?: string;
  readonly tenant?: string;
  readonly at?: string;
  readonly full?: boolean;
}

/** What may be a token: three parts with dots between them. */
const COMPACT = /^[^./\\]*\.[^./\\]*\.[^./\\]*$/;

/** Shows what a token says: that itself, a file that holds it, or `-`. Verifies it where keys are given. */
export async function inspectToken(given: string, options: InspectOptions, output: Output): Promise<void> {
  const isFile = given === '-' || existsSync(given);
  if (!isFile && !COMPACT.test(given))
    throw new Failure('USAGE', `there is no file \`${given}\`, and it is no token either`);
  const token = isFile ? readText(given, 'the token') : given;
  const { header, payload } = decoded(token);
  if (options.keys !== undefined) {
    const now = options.at === undefined ? instant(Date.now()) : parseInstant(options.at);
    if (now === null) throw new Failure('USAGE', `--at: \`${String(options.at)}\` is no time`);
    await verifyAny(token, readKeys(readText(options.keys, 'the keys')), { tenantId: options.tenant, now });
  }
  const isVerified = options.keys !== undefined;
  output.progress(isVerified ? 'genuine' : 'not verified: give --keys to learn whether it is genuine');
  const shown =
    options.full === true ? payload : { ...payload, ...('state' in payload ? { state: '…' } : {}) };
  const times = ['iat', 'refreshAfter', 'graceFrom', 'exp'].flatMap((name) => {
    const seconds = payload[name];
    return typeof seconds === 'number' ? [`${name} ${timeOf(seconds)}`] : [];
  });
  const words = [JSON.stringify(header, null, 2), JSON.stringify(shown, null, 2), ...times].join('\n');
  output.answer({ ok: true, verified: isVerified, header, payload }, words);
}

import { createHash, randomUUID } from 'node:crypto';
import { readMachineRequest } from '@licet/domain';
import { Failure } from '../failure.js';
import { ask, fieldOf, type Gateway, mustText, publishedKeys, textIn } from '../gateway.js';
import { mustBeWritable, type Output, readText, writeText } from '../output.js';
import { decoded } from '../tokens.js';

export interface IssueOptions {
  readonly license: string;
  readonly validFor: string;
  readonly request?: string;
  readonly fingerprint?: string;
  readonly seat?: string;
  readonly member?: string;
  readonly budget: readonly string[];
  readonly idempotencyKey?: string;
  readonly out?: string;
  readonly keysOut?: string;
  readonly revocationsOut?: string;
}

const ISSUE = `mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) {
  decision { allowed code message } file { id licenseId fingerprint token issuedAt expiresAt } } }`;

/** Has the gateway issue a file for the machine that made the request, and writes what is to be carried to it. */
export async function issueLicense(gateway: Gateway, options: IssueOptions, output: Output): Promise<void> {
  const input = inputOf(options);
  mustBeWritable(options.out, 'the licence file');
  mustBeWritable(options.keysOut, 'the keys');
  mustBeWritable(options.revocationsOut, 'the revocation list');
  output.progress(`asking ${gateway.url} …`);
  const result = (await ask(gateway, ISSUE, { input }))['issueLicenseFile'];
  const decision = fieldOf(result, 'decision');
  if (fieldOf(decision, 'allowed') !== true)
    throw new Failure('REFUSED', `no file: ${mustText(decision, 'message')}`, textIn(decision, 'code'));
  const file = fieldOf(result, 'file');
  const token = mustText(file, 'token');
  writeText(options.out, token, 'the licence file');
  const tenantId = String(decoded(token).payload.iss);
  if (options.keysOut !== undefined)
    writeText(options.keysOut, JSON.stringify(await publishedKeys(gateway, tenantId)), 'the keys');
  if (options.revocationsOut !== undefined) await fetchRevocations(gateway, options.revocationsOut);
  const said = `the file ${mustText(file, 'id')} is good for ${mustText(file, 'fingerprint')} until ${mustText(file, 'expiresAt')}`;
  if (options.out !== undefined) output.progress(said);
  output.answer({ ok: true, tenantId, file }, options.out ?? token);
}

export interface RevocationsOptions {
  readonly out?: string;
}

/** Writes the list of what machines out of reach are not to honour any more. */
export async function listRevocations(
  gateway: Gateway,
  { out }: RevocationsOptions,
  output: Output,
): Promise<void> {
  const { token, issuedAt } = await fetchRevocations(gateway, out);
  output.progress(`as of ${issuedAt}`);
  output.answer({ ok: true, token, issuedAt }, out ?? token);
}

async function fetchRevocations(
  gateway: Gateway,
  out: string | undefined,
): Promise<{ readonly token: string; readonly issuedAt: string }> {
  const { revocationList: list } = await ask(gateway, '{ revocationList { token issuedAt } }');
  const token = mustText(list, 'token');
  writeText(out, token, 'the revocation list');
  return { token, issuedAt: mustText(list, 'issuedAt') };
}

function inputOf({
  license,
  validFor,
  request,
  fingerprint,
  seat,
  member,
  budget,
  idempotencyKey,
}: IssueOptions): object {
  if ((request === undefined) === (fingerprint === undefined))
    throw new Failure('USAGE', 'a machine is named by --request or by --fingerprint; give one of them');
  const named = request === undefined ? { fingerprint } : { request: readRequest(request) };
  const asked = {
    ...{ licenseId: license, validFor, ...named },
    ...(seat === undefined ? {} : { seatFeature: seat }),
    ...(member === undefined ? {} : { memberId: member }),
    ...(budget.length === 0 ? {} : { budgets: budget.map(readBudget) }),
  };
  return { ...asked, idempotencyKey: idempotencyKey ?? keyFor(asked, request !== undefined) };
}

/** `api-calls=100` */
function readBudget(text: string): { readonly feature: string; readonly quantity: number } {
  const [, feature, units] = /^([^=]+)=([0-9]+)$/.exec(text) ?? [];
  const quantity = Number(units);
  if (feature === undefined || !Number.isSafeInteger(quantity) || quantity < 1)
    throw new Failure(
      'USAGE',
      `--budget: \`${text}\` is none; name a feature, and units of it, as api-calls=100`,
    );
  return { feature, quantity };
}

function readRequest(path: string): string {
  const text = readText(path, 'the request');
  if (readMachineRequest(text) !== null) return text;
  throw new Failure(
    'USAGE',
    `${path} holds no request, or not all of one; make it again by licet license request`,
  );
}

/** A request is made up once, so whoever asks again for it gets the same file. */
function keyFor(asked: object, isRequest: boolean): string {
  if (!isRequest) return `licet-cli:${randomUUID()}`;
  return `licet-cli:${createHash('sha256').update(JSON.stringify(asked)).digest('base64url')}`;
}

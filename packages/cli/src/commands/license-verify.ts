import {
  type CarriedFile,
  decide,
  type Decision,
  formatInstant,
  type Instant,
  instant,
  parseInstant,
  readMachineRequest,
  revocationOf,
  validateLicense,
} from '@licet/domain';
import { Failure } from '../failure.js';
import { describeMachine } from '../machine-parts.js';
import { type Output, readText } from '../output.js';
import { readKeys, verifyFile, verifyList } from '../tokens.js';

export interface VerifyOptions {
  readonly file: string;
  readonly keys: string;
  readonly revocations?: string;
  readonly tenant?: string;
  readonly request?: string;
  readonly fingerprint?: string;
  readonly feature: readonly string[];
  readonly member?: string;
  readonly productVersion?: string;
  readonly at?: string;
}

/**
 * Whether a licence file is good on this machine: by the file, the keys and the revocation list alone. First that it is genuine, and
 * its time; then its machine, the list, and what the licence gives.
 */
export async function verifyLicense(options: VerifyOptions, output: Output): Promise<void> {
  const now = timeAsked(options.at);
  const keys = readKeys(readText(options.keys, 'the keys'));
  const file = await verifyFile(readText(options.file, 'the licence file'), keys, {
    tenantId: options.tenant,
    now,
  });
  const fingerprint = requireMachine(file, options);
  const wanted = { tenantId: file.tenantId, now };
  if (options.revocations === undefined)
    output.progress('no revocation list is given: whether the file was revoked is not known');
  else {
    const list = await verifyList(readText(options.revocations, 'the revocation list'), keys, wanted);
    output.progress(`the revocation list is of ${formatInstant(list.issuedAt)}`);
    requireHonoured(file, revocationOf(list, file));
  }
  const code = requireLicensed(file, options, fingerprint, now);
  const decisions = decisionsOf(file, options, fingerprint, now);
  const { id, licenseId, customerId, expiresAt, seat, budgets } = file;
  const until = formatInstant(expiresAt);
  const named = { id, licenseId, customerId, fingerprint, seat, budgets: Object.fromEntries(budgets) };
  const lines = decisions.map(
    ({ feature, allowed, code: of }) => `${allowed ? 'yes' : 'no '} ${feature} (${of})`,
  );
  const units = [...budgets].map(([feature, quantity]) => `budget ${feature} ${String(quantity)}`);
  output.answer(
    { ok: true, code, ...named, issuedAt: formatInstant(file.issuedAt), expiresAt: until, decisions },
    [`good until ${until} (${code})`, ...lines, ...units].join('\n'),
  );
}

function timeAsked(at: string | undefined): Instant {
  if (at === undefined) return instant(Date.now());
  const read = parseInstant(at);
  if (read === null)
    throw new Failure('USAGE', `--at: \`${at}\` is no time; give one as 2026-12-01T12:00:00Z`);
  return read;
}

function requireMachine(file: CarriedFile, { request, fingerprint }: VerifyOptions): string {
  const own = fingerprint ?? (request === undefined ? describeMachine().fingerprint : null);
  const made = request === undefined ? null : readMachineRequest(readText(request, 'the request'));
  if (request !== undefined && made === null)
    throw new Failure('USAGE', `${request} holds no request, or not all of one`);
  const named = own ?? made?.fingerprint ?? '';
  if (named !== file.fingerprint)
    throw new Failure(
      'OTHER_MACHINE',
      'the licence file is for another machine; make a request on this one, and get a file for it',
      'OTHER_MACHINE',
    );
  if (made !== null && made.nonce !== file.nonce)
    throw new Failure(
      'OTHER_MACHINE',
      'the licence file answers another request than this one',
      'OTHER_REQUEST',
    );
  return named;
}

const REVOKED = {
  REVOKED: 'the licence was revoked; another one is needed',
  SUSPENDED: 'the licence is suspended; have it reinstated, and carry a newer revocation list along',
  SETTLED: 'the licence file was settled, and is good no more; get another one',
} as const;

function requireHonoured(file: CarriedFile, revocation: keyof typeof REVOKED | null): void {
  if (revocation !== null) throw new Failure('REVOKED', `${REVOKED[revocation]} (${file.id})`, revocation);
}

function requireLicensed(
  { state, licenseId }: CarriedFile,
  { productVersion }: VerifyOptions,
  fingerprint: string,
  now: Instant,
): string {
  const asker = {
    ...{ fingerprint, components: [], member: 'ANYBODY' as const },
    productVersion: productVersion ?? null,
  };
  const validation = validateLicense(state, { licenseId, ended: null, asker, now, staleSince: null });
  if (!validation.valid) throw new Failure('NOT_LICENSED', validation.message, validation.code);
  return validation.code;
}

/** Of the features asked for, else of all that the licence gives. Units are spent from budgets: of what is counted it is asked whether it is there. */
function decisionsOf(
  { state, seat }: CarriedFile,
  { feature: asked, member, productVersion }: VerifyOptions,
  fingerprint: string,
  now: Instant,
): Decision[] {
  const { features } = state.release.catalog;
  const names = asked.length > 0 ? asked : [...features.keys()];
  const memberId = member ?? seat?.memberId ?? null;
  const decisions = names.map((feature) => {
    const type = [...features.values()].find(({ key }) => key === feature)?.type;
    const quantity = type === 'METERED' || type === 'LIMIT' ? 0 : 1;
    return decide(
      state,
      { feature, quantity, memberId, fingerprint, productVersion: productVersion ?? null },
      now,
    );
  });
  return asked.length > 0 ? decisions : decisions.filter(({ allowed }) => allowed);
}

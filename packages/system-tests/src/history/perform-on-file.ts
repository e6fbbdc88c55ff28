import { readLicenseFile } from '@licet/domain';
import type { Account, License } from '../model/account.js';
import * as files from '../model/files.js';
import type { FileAction } from './actions/file-actions.js';
import { record } from './gateway.js';
import { decisionText, type Performed } from './performed.js';
import { eventsAfter } from './log.js';
import { day } from './texts.js';
import type { World } from './world.js';

export async function performIssueFile(
  account: Account,
  world: World,
  { fingerprint, validFor, budgets }: Extract<FileAction, { kind: 'issueFile' }>,
  license: License,
  key: { readonly idempotencyKey: string },
): Promise<Performed> {
  const input = { licenseId: license.id, fingerprint, validFor, budgets, ...key };
  const selects = 'decision { allowed code } file { id expiresAt token }';
  const product = await world.mutate('issueLicenseFile', 'IssueLicenseFileInput', input, selects);
  const ids = await idsMade(world);
  let expected = '';
  const wanted = budgets.map(({ feature, quantity }) => `${String(quantity)} ${feature}`).join(' and ');
  return {
    line: `issue a file for ${fingerprint} with ${wanted} for ${validFor}`,
    product,
    model: (file) => {
      const asked = { ids: { file, ...ids }, fingerprint, validFor, budgets };
      const answer = files.issueFile(account, license.id, asked);
      const lent = answer.file?.budgets.map(({ feature, quantity }): [string, number] => [feature, quantity]);
      expected = `${decisionText({ ...answer })}, ${answer.file ? fileText(answer.file.expiresAt, lent ?? []) : 'none'}`;
    },
    expected: () => expected,
    got: product.data === null ? '' : issued(product.data),
  };
}

/** Of the machine and the leases: only the log names them. */
async function idsMade(world: World): Promise<Pick<files.IssueFile['ids'], 'machine' | 'leases'>> {
  const { events } = await eventsAfter(world.url, world.customerId, world.cursor);
  const of = (type: string): string[] => events.flatMap((one) => (one.type === type ? [one.subject] : []));
  return { machine: of('machine.activated').at(-1) ?? 'none', leases: of('quota.leased') };
}

function issued({ decision, file }: Readonly<Record<string, unknown>>): string {
  if (file === null) return `${decisionText(decision)}, none`;
  const { expiresAt, token } = record(file);
  return `${decisionText(decision)}, ${fileText(Date.parse(String(expiresAt)), budgetsIn(String(token)))}`;
}

/** As the machine reads it. */
function budgetsIn(token: string): readonly (readonly [string, number])[] {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const reading = readLicenseFile(JSON.parse(payload));
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return [...reading.file.budgets];
}

function fileText(expiresAt: number, budgets: readonly (readonly [string, number])[]): string {
  const sorted = [...budgets].sort(([one], [other]) => (one < other ? -1 : 1));
  const texts = sorted.map(([feature, units]) => `${String(units)} ${feature}`);
  return `${texts.join(' and ')} until ${day(expiresAt)}`;
}

export async function performSettleFile(
  account: Account,
  world: World,
  quarters: number,
  file: files.LicenseFile,
): Promise<Performed> {
  const spent = new Map(
    file.budgets.map(({ feature, quantity }) => [feature, Math.floor((quantity * quarters) / 4)]),
  );
  const listed = [...spent].map(([feature, quantity]) => ({ feature, quantity }));
  const input = { fileId: file.id, spent: listed };
  const selects = 'decision { allowed code }';
  const product = await world.mutate('settleLicenseFile', 'SettleLicenseFileInput', input, selects);
  const text = listed.map(({ feature, quantity }) => `${String(quantity)} ${feature}`).join(' and ');
  return {
    line: `settle ${file.id}, ${text} spent`,
    product,
    model: () => files.settleFile(account, file, spent),
    expected: () => 'true DONE',
    got: product.data === null ? '' : decisionText(product.data['decision']),
  };
}

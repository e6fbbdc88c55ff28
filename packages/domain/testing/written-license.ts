import {
  type AccountChange,
  type CustomerAccount,
  type DecisionCode,
  explain,
  knownState,
  type LicenseCommand,
  type Release,
} from '../src/index.js';
import { executeLicense } from '../src/license/execute-license.js';
import { licenseStatus } from '../src/license/license.js';
import { executeMachine } from '../src/license/machines/execute-machine.js';
import { applyDue } from '../src/subscription/due.js';
import type { Instant } from '../src/time/instant.js';
import { issueOf, licenseIn, renewalOf, verbOf } from './licenses.js';
import { machineId } from './machines.js';
import { accepted, newCustomer, time } from './subscriptions.js';

/** The histories of a licence in a document: its fenced blocks of the language `license`. Of windows they do not tell. */
export function licenseHistoriesIn(document: string): string[] {
  return [...document.matchAll(/```license\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** `2026-02-01 renew → renewed; ACTIVE`, `2026-02-01 ask desktop 5.0 → ENTITLED`, or `2026-02-01 ask 6 editors → NO_SEAT`. */
const LINE = /^(\d{4}-\d\d-\d\d)\s+([^→]*?)\s*→\s*(.*?)\s*$/;

/** What is written of each line, and what happens, as two lists that a test compares. */
export function playLicense(release: Release, block: string): { written: string[]; happened: string[] } {
  let account = newCustomer();
  const [written, happened]: [string[], string[]] = [[], []];
  for (const line of block.trim().split('\n')) {
    const match = LINE.exec(line.trim());
    if (match === null) throw new TypeError(`no line of a licence's history: ${line}`);
    const [, date = '', command = '', outcome = ''] = match;
    const played = play(release, account, command, time(date));
    account = played.account;
    written.push(`${date} ${command}: ${outcome}`);
    happened.push(`${date} ${command}: ${played.outcome}`);
  }
  return { written, happened };
}

function play(release: Release, before: CustomerAccount, command: string, now: Instant) {
  const due = applyDue(before, release, now);
  if (command.startsWith('ask ')) {
    const [what = '', fingerprint = null] = command.split(' on ');
    const [, number, feature = '', productVersion = null] =
      /^ask (?:(\d+) )?(\S+)(?: (\S+))?$/.exec(what) ?? [];
    const asked = { feature, quantity: Number(number ?? 1), productVersion, fingerprint };
    const { decision, remedies } = explain(knownState(release, due.account), asked, now);
    const ways = remedies.map(({ kind }) => kind).join(', ');
    return { account: due.account, outcome: [decision.code, ways].filter((part) => part !== '').join('; ') };
  }
  const done = perform(release, due.account, command, now);
  if ('denied' in done) return { account: due.account, outcome: done.denied };
  const types = [...due.events, ...done.events].map(({ type }) => type);
  const told = types
    .filter((type) => /^(license|machine)\./.test(type))
    .map((type) => type.replace(/^(license|machine)\./, ''));
  return { account: done.account, outcome: `${told.join(', ')}; ${licenseStatus(licenseIn(done.account))}` };
}

function perform(
  release: Release,
  account: CustomerAccount,
  command: string,
  now: Instant,
): AccountChange | { readonly denied: DecisionCode } {
  if (command === '') return { account, events: [] };
  if (!command.startsWith('activate '))
    return accepted(executeLicense(account, commandOf(command), release, now));
  const fingerprint = command.replace('activate ', '');
  const machine = { machineId: machineId(fingerprint), fingerprint, isDerived: false, components: [] };
  const { id: licenseId } = licenseIn(account);
  const outcome = executeMachine(account, { kind: 'activateMachine', licenseId, ...machine }, now);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.decision.allowed ? outcome : { denied: outcome.decision.code };
}

function commandOf(text: string): LicenseCommand {
  const [verb, what, word, at] = text.split(' ');
  switch (verb) {
    case 'issue':
      return issueOf(what ?? '', word === 'from' && at !== undefined ? { startsAt: at } : {});
    case 'renew':
      return renewalOf(renewedBy(what, word, at));
    case 'suspend':
      return verbOf('suspendLicense');
    case 'reinstate':
      return verbOf('reinstateLicense');
    case 'revoke':
      return verbOf('revokeLicense');
    default:
      throw new TypeError(`no command of a licence's history: ${text}`);
  }
}

/** `until 2027-01-01`, `with 6 editors`, `for 3 machines`, or nothing. */
function renewedBy(by = '', word = '', feature = ''): Parameters<typeof renewalOf>[0] {
  switch (by) {
    case '':
      return {};
    case 'until':
      return { expiresAt: word };
    case 'with':
      return { quantities: { [feature]: Number(word) } };
    case 'for':
      return { machineLimit: Number(word) };
    default:
      throw new TypeError(`no renewal: ${by}`);
  }
}

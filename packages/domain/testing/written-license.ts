import {
  type CustomerAccount,
  explain,
  knownState,
  type LicenseCommand,
  type Release,
} from '../src/index.js';
import { executeLicense } from '../src/license/execute-license.js';
import { licenseStatus } from '../src/license/license.js';
import { applyDue } from '../src/subscription/due.js';
import type { Instant } from '../src/time/instant.js';
import { issueOf, licenseIn, renewalOf, verbOf } from './licenses.js';
import { accepted, newCustomer, time } from './subscriptions.js';

/** The histories of a licence in a document: its fenced blocks of the language `license`. Of windows they do not tell. */
export function licenseHistoriesIn(document: string): string[] {
  return [...document.matchAll(/```license\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** `2026-02-01 renew → renewed; ACTIVE`, or `2026-02-01 ask desktop 5.0 → ENTITLED`. */
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
    const [, feature = '', productVersion] = command.split(' ');
    const asked = { feature, quantity: 1, productVersion: productVersion ?? null };
    const { decision, remedies } = explain(knownState(release, due.account), asked, now);
    const ways = remedies.map(({ kind }) => kind).join(', ');
    return { account: due.account, outcome: [decision.code, ways].filter((part) => part !== '').join('; ') };
  }
  const done =
    command === ''
      ? { account: due.account, events: [] }
      : accepted(executeLicense(due.account, commandOf(command), release, now));
  const types = [...due.events, ...done.events].map(({ type }) => type);
  const told = types
    .filter((type) => type.startsWith('license.'))
    .map((type) => type.replace('license.', ''));
  return { account: done.account, outcome: `${told.join(', ')}; ${licenseStatus(licenseIn(done.account))}` };
}

function commandOf(text: string): LicenseCommand {
  const [verb, what, word, at] = text.split(' ');
  switch (verb) {
    case 'issue':
      return issueOf(what ?? '', word === 'from' && at !== undefined ? { startsAt: at } : {});
    case 'renew':
      return renewalOf(what === 'until' && word !== undefined ? { expiresAt: word } : {});
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

import type { CustomerAccount, Release } from '../customer.js';
import { conflict, notFound, unchanged } from '../subscription/refusal.js';
import type { CommandOutcome } from '../subscription/command.js';
import { settled } from '../subscription/execute.js';
import type { Instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { LicenseCommand, LicenseVerb } from './command.js';
import { issue } from './issue.js';
import { type License, type LicenseStanding, licenseStatus } from './license.js';
import { recordLicense } from './record-license.js';
import { renew } from './renew.js';
import { LICENSE_TABLE } from './table.js';

/**
 * What a command makes of a customer's licences at `now`; docs/rules.md, "Licence". Everything due until `now` must have been
 * applied; what the command itself makes due is applied here.
 */
export function executeLicense(
  account: CustomerAccount,
  command: LicenseCommand,
  release: Release,
  now: Instant,
): CommandOutcome {
  if (command.kind === 'issueLicense') {
    const start = command.startsAt ?? now;
    return settled(issue(account, command, release, now), release, start, now);
  }
  const license = account.licenses.find(({ id }) => id === command.licenseId);
  if (license === undefined) return notFound('licenseId', `there is no licence \`${command.licenseId}\``);
  const cell = LICENSE_TABLE[command.kind][licenseStatus(license)];
  if (cell === 'same') return unchanged(account);
  if (cell === 'refused') return conflict('licenseId', refusedIn(command.kind, license));
  return settled(perform(account, license, command, now), release, now, now);
}

function perform(
  account: CustomerAccount,
  license: License,
  command: Exclude<LicenseCommand, { kind: 'issueLicense' }>,
  now: Instant,
): CommandOutcome {
  const stand = (standing: LicenseStanding): License => ({ ...license, standing });
  switch (command.kind) {
    case 'renewLicense':
      return renew(account, license, command, now);
    case 'suspendLicense': {
      const after = stand({ kind: 'SUSPENDED', since: now });
      return { ok: true, ...recordLicense(account, 'license.suspended', now, license, after) };
    }
    case 'reinstateLicense': {
      const after = stand({ kind: 'GOOD' });
      return { ok: true, ...recordLicense(account, 'license.reinstated', now, license, after) };
    }
    case 'revokeLicense': {
      const after = stand({ kind: 'REVOKED', since: now });
      return { ok: true, ...recordLicense(account, 'license.revoked', now, license, after) };
    }
    case 'rotateLicenseKey': {
      const after = { ...license, keyHint: command.keyHint, keyDigest: command.keyDigest };
      return { ok: true, ...recordLicense(account, 'license.key_rotated', now, license, after) };
    }
    default:
      return unreachable(command);
  }
}

function refusedIn(verb: LicenseVerb, license: License): string {
  return `\`${verb}\` cannot be done to a licence that is ${licenseStatus(license)}; issue another one`;
}

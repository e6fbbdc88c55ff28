import { type CustomerAccount, knownState } from '../src/customer.js';
import {
  parseLicenseFileId,
  parseLicenseId,
  parseMachineId,
  parseMemberId,
  parseSeatId,
} from '../src/ids.js';
import { type FileOutcome, issueLicenseFile } from '../src/license/files/issue-file.js';
import { isOut, type LicenseFile } from '../src/license/files/license-file.js';
import { settleLicenseFile } from '../src/license/files/settle-file.js';
import { occupy, type SeatRequest } from '../src/seats/occupy.js';
import { putSeat } from '../src/seats/seat.js';
import { applyDue } from '../src/subscription/due.js';
import type { Instant } from '../src/time/instant.js';
import { licenseFrom, releaseFrom } from './states.js';
import { duration, newCustomer, time } from './subscriptions.js';

export const release = releaseFrom(`
catalog: 1
name: files
features:
  desktop: { type: boolean }
  editors: { type: seats, kind: named, cooldown: P1D }
  viewers: { type: seats, kind: floating, lease: PT5M }
plans:
  bound: { model: perpetual, machines: { limit: 3, offlineFiles: 2 }, entitlements: { desktop: true, editors: 2, viewers: 2 } }
  unsaid: { model: perpetual, machines: { limit: 3 }, entitlements: { desktop: true } }
  none: { model: perpetual, machines: { limit: 3, offlineFiles: 0 }, entitlements: { desktop: true } }
  free: { model: perpetual, entitlements: { desktop: true, editors: 2, viewers: 2 } }
  term: { model: seats, period: P1M, grace: P3D, entitlements: { desktop: true } }
  team: { family: cloud, model: subscription, period: P1Y, entitlements: { editors: 3, viewers: 3 } }
  solo: { family: cloud, model: subscription, period: P1Y, entitlements: { editors: 1, viewers: 1 } }
transitions:
  - { from: team, to: solo, seatsAbove: { releaseNewestAfter: P7D } }
`);
export const START = time('2026-02-01');
export const DAY = 86_400_000;

export function must<T>(value: T | null): T {
  if (value === null) throw new Error('a value');
  return value;
}

export function accountOf(
  plan: string,
  more: { expiresAt?: string; suspended?: boolean } = {},
): CustomerAccount {
  return { ...newCustomer(), turnedUntil: START, licenses: [licenseFrom(release, { plan, ...more }, START)] };
}

/** What a test goes on with: the account, and files that were issued. */
export interface World {
  readonly account: CustomerAccount;
  readonly files: readonly LicenseFile[];
}
type Decided = Extract<FileOutcome, { ok: true }>;

let ids = 0;
export function issue(
  { account, files }: World,
  now: Instant,
  { fingerprint = 'cellar', validFor = 'P10D', feature = '', memberId = 'ann' } = {},
): { readonly world: World; readonly outcome: Decided } {
  ids += 1;
  const due = applyDue(account, release, now).account;
  const out = files.filter((file) => isOut(file, now));
  const outcome = issueLicenseFile(
    due,
    release,
    out,
    {
      licenseId: must(due.licenses[0]?.id ?? parseLicenseId('lic_0')),
      fileId: must(parseLicenseFileId(`file_${String(ids)}`)),
      machineId: must(parseMachineId(`mach_${String(ids)}`)),
      seatId: must(parseSeatId(`seat_${String(ids)}`)),
      ...{ machine: { fingerprint, components: [] }, nonce: null, validFor: duration(validFor) },
      seat: feature === '' ? null : { feature, memberId: must(parseMemberId(memberId)) },
      budgets: [],
    },
    now,
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const made = outcome.file === null ? files : [...files, outcome.file];
  return { world: { account: outcome.account, files: made }, outcome };
}

export function settle({ account, files }: World, file: LicenseFile, now: Instant) {
  const due = applyDue(account, release, now).account;
  const known = must(files.find(({ id }) => id === file.id) ?? null);
  const out = files.filter((one) => isOut(one, now));
  const outcome = settleLicenseFile(due, release, { file: known, out, budgets: [] }, new Map(), now);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const settled = must(outcome.file);
  const after = files.map((one) => (one.id === settled.id ? settled : one));
  return { world: { account: outcome.account, files: after }, outcome };
}

export const world = (account: CustomerAccount): World => ({ account, files: [] });

export interface SeatMove {
  readonly what: 'take' | 'giveBack';
  readonly feature: string;
  readonly memberId: string;
  /** Of a lease, if not the feature's own. */
  readonly minutes?: number;
}

/** A seat is taken, or given back, as its member asks. */
export function take(now: World, { what, feature, memberId, minutes }: SeatMove, at: Instant): World {
  const due = applyDue(now.account, release, at).account;
  const named = { feature, memberId };
  const request: SeatRequest =
    what === 'giveBack'
      ? { kind: 'giveBack', ...named }
      : feature === 'editors'
        ? { kind: 'assign', ...named }
        : { kind: 'lease', ttl: minutes === undefined ? null : duration(`PT${String(minutes)}M`), ...named };
  ids += 1;
  const { before, after } = occupy(
    knownState(release, due),
    request,
    must(parseSeatId(`seat_${String(ids)}`)),
    at,
  );
  return { ...now, account: before === after ? due : putSeat(due, before, after) };
}

import type { SeatsFeature } from '../../catalog/catalog.js';
import { type CustomerAccount, knownState, type Release } from '../../customer.js';
import { decide } from '../../decision/decide.js';
import { findFeature } from '../../decision/find-feature.js';
import type { Decision } from '../../decision/decision.js';
import { licenseObstacles } from '../../decision/sources.js';
import type { LicenseFileId, LicenseId, MachineId, MemberId, SeatId } from '../../ids.js';
import { borrowSeat, type SeatOutcome } from '../../seats/occupy.js';
import { putSeat } from '../../seats/seat.js';
import { seatEvent } from '../../seats/seat-event.js';
import type { CustomerEvent } from '../../subscription/command.js';
import { badInput, type Refused } from '../../subscription/refusal.js';
import { addDuration, longestOf } from '../../time/calendar.js';
import { type Instant, instant, type IsoDuration } from '../../time/instant.js';
import type { License } from '../license.js';
import { executeMachine } from '../machines/execute-machine.js';
import { unknownLicense } from '../machines/machine-decision.js';
import type { MachineIdentity } from '../machines/match.js';
import { nextTermChange } from '../term.js';
import type { QuotaLease } from '../../usage/quota-lease.js';
import { circulationOf } from './circulation.js';
import { fileDecision } from './file-decision.js';
import { type BudgetRequest, lendBudgets, refuseBudgets } from './file-budgets.js';
import { lastOf, type LicenseFile } from './license-file.js';

/** What a caller asks for. Ids are made by the caller: the rules hold no chance. */
export interface IssueLicenseFile {
  readonly licenseId: LicenseId;
  readonly fileId: LicenseFileId;
  /** Of the machine, and of the seat, where they are new. */
  readonly machineId: MachineId;
  readonly seatId: SeatId;
  /** Components are keyed hashes. */
  readonly machine: MachineIdentity & { readonly fingerprint: string };
  readonly nonce: string | null;
  readonly validFor: IsoDuration;
  /** Whose seat of which feature goes along. */
  readonly seat: { readonly feature: string; readonly memberId: MemberId } | null;
  /** Units that the machine may spend, each feature once. */
  readonly budgets: readonly BudgetRequest[];
}

/** `file`: null where the decision denies, and then nothing has changed. */
export type FileOutcome =
  | {
      readonly ok: true;
      readonly account: CustomerAccount;
      readonly events: readonly CustomerEvent[];
      readonly decision: Decision;
      readonly file: LicenseFile | null;
      /** The budgets of a file that is issued. */
      readonly leases: readonly QuotaLease[];
    }
  | Refused;

interface Asked {
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly license: License;
  /** Files of the customer that are out. */
  readonly out: readonly LicenseFile[];
  readonly now: Instant;
}

const LONGEST = 366 * 86_400_000;

/**
 * Issues a file, and activates the machine where the licence is bound to machines: it cannot do so itself. A licence that gives nothing
 * speaks first, then the seat, the machine, the number of files that are out, and the budgets; docs/rules.md, "Decision codes". Everything due until
 * `now` must have been applied.
 */
export function issueLicenseFile(
  account: CustomerAccount,
  release: Release,
  out: readonly LicenseFile[],
  command: IssueLicenseFile,
  now: Instant,
): FileOutcome {
  const length = longestOf(command.validFor);
  if (length < 1000 || length > LONGEST)
    return badInput(
      'validFor',
      `\`${command.validFor}\` is no time for a file; give from a second to 366 days`,
    );
  const refusal = refuseBudgets(release, command.budgets);
  if (refusal !== null) return refusal;
  const license = account.licenses.find(({ id }) => id === command.licenseId);
  if (license === undefined) return denied(account, unknownLicense());
  const asked: Asked = { account, release, license, out, now };
  const [standing] = licenseObstacles(license);
  if (standing) {
    const circulation = circulationOf(asked, command.seat?.feature ?? null, command.machine.fingerprint);
    return denied(account, fileDecision(standing.code, asked, circulation, nextTermChange(license)));
  }
  return issue(asked, command);
}

function issue(asked: Asked, command: IssueLicenseFile): FileOutcome {
  const { account, license, now } = asked;
  const activated = activate(asked, command);
  if (!activated.ok) return activated;
  const isActivated = activated.decision === null || activated.decision.allowed;
  const expiresAt = endOfFile(asked, command);
  const borrowed = borrow({ ...asked, account: activated.account }, command, expiresAt, isActivated);
  if (borrowed !== null && 'ok' in borrowed) return borrowed;
  if (borrowed !== null && !borrowed.decision.allowed) return denied(account, borrowed.decision);
  if (activated.decision !== null && !activated.decision.allowed) return denied(account, activated.decision);
  const { fileId: id, machine, nonce } = command;
  const taken = borrowed && seatEvent(borrowed, now);
  const seated = borrowed ? putSeat(activated.account, borrowed.before, borrowed.after) : activated.account;
  const seatFeature = borrowed?.feature.key ?? null;
  const circulation = circulationOf({ ...asked, account: seated }, seatFeature, machine.fingerprint);
  const { limit, used, files } = circulation;
  if (limit !== null && used >= limit)
    return denied(account, fileDecision('OFFLINE_LIMIT_EXCEEDED', asked, circulation, firstToEnd(files)));
  const lent = lendBudgets(
    seated,
    asked.release,
    command.budgets,
    {
      ...{ fileId: id, expiresAt, fingerprint: machine.fingerprint },
      memberId: borrowed?.memberId ?? null,
    },
    now,
  );
  if (!lent.ok) return denied(account, lent.decision);
  const file: LicenseFile = {
    ...{ id, licenseId: license.id, fingerprint: machine.fingerprint, nonce },
    ...{ issuedAt: inSeconds(now), expiresAt, budgets: lent.budgets, settled: null },
    seat: borrowed && { feature: borrowed.feature.key, memberId: borrowed.memberId },
  };
  const code = license.term.phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED';
  const decision = fileDecision(code, asked, { limit, used: used + 1 }, nextTermChange(license));
  return {
    ...{ ok: true, decision, file, account: lent.account, leases: lent.leases },
    events: [
      ...activated.events,
      ...(taken ? [taken] : []),
      ...lent.events,
      { type: 'license.file_issued', at: now, file: { before: null, after: file } },
    ],
  };
}

interface Activation {
  readonly ok: true;
  readonly account: CustomerAccount;
  readonly events: readonly CustomerEvent[];
  /** Null: the licence is not bound to machines. */
  readonly decision: Decision | null;
}

function activate({ account, license, now }: Asked, command: IssueLicenseFile): Activation | Refused {
  if (license.planVersion.plan.machines === null) return { ok: true, account, events: [], decision: null };
  const { licenseId, machineId, machine } = command;
  const named = { ...machine, isDerived: false };
  const outcome = executeMachine(account, { kind: 'activateMachine', licenseId, machineId, ...named }, now);
  return outcome.ok ? outcome : { ...outcome, refusal: { ...outcome.refusal, field: 'request' } };
}

interface Borrowed extends SeatOutcome {
  readonly feature: SeatsFeature;
  readonly memberId: MemberId;
}

/** Null: no seat is asked for. */
function borrow(
  { account, release, now }: Asked,
  { seat, seatId, machine }: IssueLicenseFile,
  until: Instant,
  isActivated: boolean,
): Borrowed | FileOutcome | null {
  if (seat === null) return null;
  const state = knownState(release, account);
  const feature = findFeature(release, seat.feature);
  if (feature === null) return denied(account, decide(state, { feature: seat.feature, quantity: 0 }, now));
  if (feature.type !== 'SEATS')
    return badInput(
      'seatFeature',
      `feature \`${feature.key}\` is ${feature.type}; seats are of SEATS features`,
    );
  const { memberId } = seat;
  const fingerprint = isActivated ? machine.fingerprint : null;
  const outcome = borrowSeat(state, { feature, memberId, fingerprint, until }, seatId, now);
  return { ...outcome, feature, memberId };
}

/** It ends with the licence at the latest: it would give nothing any more. */
function endOfFile({ account, license, now }: Asked, { validFor }: IssueLicenseFile): Instant {
  const wanted = addDuration(now, validFor, account.timeZone);
  const last = lastOf(license, account.timeZone);
  const end = inSeconds(last === null ? wanted : Math.min(wanted, last));
  return end > now ? end : instant(inSeconds(now) + 1000);
}

function firstToEnd(files: readonly LicenseFile[]): Instant | null {
  return files.length === 0 ? null : instant(Math.min(...files.map(({ expiresAt }) => expiresAt)));
}

function denied(account: CustomerAccount, decision: Decision): FileOutcome {
  return { ok: true, account, events: [], decision, file: null, leases: [] };
}

function inSeconds(milliseconds: number): Instant {
  return instant(Math.floor(milliseconds / 1000) * 1000);
}

import type { CustomerAccount, Release } from '../../customer.js';
import { unknownLicense } from '../machines/machine-decision.js';
import type { FeatureKey } from '../../ids.js';
import { isHeld, isTaken, putSeat, type Seat, seatOf } from '../../seats/seat.js';
import type { CustomerEvent } from '../../subscription/command.js';
import { badInput, conflict, type Refused } from '../../subscription/refusal.js';
import { instant, type Instant } from '../../time/instant.js';
import type { QuotaLease } from '../../usage/quota-lease.js';
import { circulationOf } from './circulation.js';
import { settleBudgets } from './file-budgets.js';
import { fileDecision } from './file-decision.js';
import type { FileOutcome } from './issue-file.js';
import type { LicenseFile } from './license-file.js';

/** What is known of the file besides itself. */
export interface Circulating {
  readonly file: LicenseFile;
  /** Files of the customer that are out. */
  readonly out: readonly LicenseFile[];
  /** Its budgets that nobody has settled, also those that time has spent. */
  readonly budgets: readonly QuotaLease[];
}

/**
 * The machine was seen again: the file counts no more, the seat and what was not spent come back. Asked again with the same it is answered
 * as the first time, with another `spent` it is CONFLICT; more than the budget is BAD_USER_INPUT. Everything due until `now` must have been applied.
 */
export function settleLicenseFile(
  account: CustomerAccount,
  release: Release,
  { file, out, budgets }: Circulating,
  spent: ReadonlyMap<FeatureKey, number>,
  now: Instant,
): FileOutcome {
  const unchanged = { ok: true, account, events: [], leases: [] } as const;
  const license = account.licenses.find(({ id }) => id === file.licenseId);
  if (license === undefined) return { ...unchanged, decision: unknownLicense(), file: null };
  const refusal = refuseSpent(file, spent);
  if (refusal !== null) return refusal;
  const others = out.filter(({ id }) => id !== file.id);
  const asked = { account, release, license, out: others, now };
  const circulation = circulationOf(asked, file.seat?.feature ?? null, file.fingerprint);
  const decision = fileDecision('DONE', { account, license }, circulation, null);
  if (file.settled !== null) return { ...unchanged, decision, file };
  const settled = { ...file, settled: { at: now, spent } };
  const back = seatBack(account, others, file, now);
  const event: CustomerEvent = {
    type: 'license.file_settled',
    at: now,
    file: { before: file, after: settled },
  };
  const seated = back === null ? account : putSeat(account, back.before, back.after);
  const counted = settleBudgets(seated, release, budgets, spent, now);
  return {
    ...{ ok: true, decision, file: settled, leases: [], account: counted.account },
    events: [...(back === null ? [] : releaseEvents(back, now)), ...counted.events, event],
  };
}

function refuseSpent(
  { budgets, settled }: LicenseFile,
  spent: ReadonlyMap<FeatureKey, number>,
): Refused | null {
  for (const [feature, quantity] of spent) {
    const budget = budgets.get(feature) ?? 0;
    if (quantity > budget)
      return badInput(
        'spent',
        `the file has a budget of ${String(budget)} of \`${feature}\`, and ${String(quantity)} cannot have been spent from it; report the rest by recordUsage`,
      );
  }
  if (settled === null || isSame(settled.spent, spent)) return null;
  return conflict('spent', 'the file was settled already, with another `spent`; report more by recordUsage');
}

/** What is not named is nothing. */
function isSame(one: ReadonlyMap<FeatureKey, number>, other: ReadonlyMap<FeatureKey, number>): boolean {
  const keys = new Set([...one.keys(), ...other.keys()]);
  return [...keys].every((key) => (one.get(key) ?? 0) === (other.get(key) ?? 0));
}

interface Back {
  readonly before: Seat;
  readonly after: Seat | null;
}

/** The file uses it no more; null: the seat stays as it is, or is gone. */
function seatBack(
  account: CustomerAccount,
  others: readonly LicenseFile[],
  { seat: borrowed, expiresAt }: LicenseFile,
  now: Instant,
): Back | null {
  const before = borrowed && seatOf(account, borrowed.feature, borrowed.memberId);
  if (borrowed === null || before === null || before.borrowedUntil === null) return null;
  const ends = others.flatMap(({ seat, expiresAt: end }) =>
    seat?.feature === borrowed.feature && seat.memberId === borrowed.memberId && now < end ? [end] : [],
  );
  const after = { ...before, borrowedUntil: instant(Math.max(Math.min(now, expiresAt), ...ends)) };
  return { before, after: isTaken(after, now) ? after : null };
}

function releaseEvents({ before, after }: Back, at: Instant): CustomerEvent[] {
  if (after !== null) return [];
  return [{ type: isHeld(before) ? 'seat.released' : 'seat.freed', at, seat: { before, after: null } }];
}

import { type Account, type License, meet, Refusal, tell } from './account.js';
import { plus } from './calendar.js';
import { type Answer, entitlementOf } from './entitlements.js';
import type { FeatureKey } from './features.js';
import type { QuotaLease } from './holds.js';
import { lend, settleBudget } from './leases.js';
import { licenseFailure } from './license-status.js';
import { graceEndOf } from './licenses.js';
import { activateMachine } from './machines.js';
import { PLANS } from './plans.js';
import { isCounted } from './usage.js';

/** Licence files for machines that see no network, and the units that go along with them. */

/** A licence for one machine, carried to it. */
export interface LicenseFile {
  readonly id: string;
  readonly licenseId: string;
  readonly expiresAt: number;
  /** In the order of their features. */
  readonly budgets: readonly QuotaLease[];
  /** What the machine has spent of each budget; null: it was not seen again. */
  settled: ReadonlyMap<FeatureKey, number> | null;
}

export interface Budget {
  readonly feature: FeatureKey;
  /** The most that is wanted. */
  readonly quantity: number;
}

export interface IssueFile {
  /** Of what the product has made; of leases one for each budget. */
  readonly ids: { readonly file: string; readonly machine: string; readonly leases: readonly string[] };
  readonly fingerprint: string;
  readonly validFor: string;
  readonly budgets: readonly Budget[];
}

/** What an issue is answered with; null: no file. */
export interface FileAnswer {
  readonly allowed: boolean;
  readonly code: string;
  readonly file: LicenseFile | null;
}

/** The licence speaks first, then the machine, the number of files that are out, and the budgets. A denial changes nothing. */
export function issueFile(account: Account, licenseId: string, asked: IssueFile): FileAnswer {
  if (asked.budgets.some(({ feature }) => !isCounted(feature))) throw new Refusal('BAD_USER_INPUT');
  // What is denied by the last budget has activated a machine by then.
  const tried = issue(structuredClone(account), licenseId, asked);
  return tried.allowed ? issue(account, licenseId, asked) : tried;
}

function issue(account: Account, licenseId: string, asked: IssueFile): FileAnswer {
  const license = account.licenses.find(({ id }) => id === licenseId);
  if (!license) throw new Error(`a history without the licence ${licenseId}`);
  const failure = licenseFailure(license);
  if (failure) return denied(failure);
  const { ids, fingerprint, validFor } = asked;
  const machine = PLANS[license.plan].machines
    ? activateMachine(account, license, { id: ids.machine, fingerprint, components: null, name: undefined })
    : null;
  if (machine?.allowed === false) return denied(machine);
  if (filesOut(account, license) >= mostFiles(license)) return denied({ code: 'OFFLINE_LIMIT_EXCEEDED' });
  const expiresAt = endOfFile(account, license, validFor);
  const lent = lendBudgets(account, asked, expiresAt);
  if ('code' in lent) return denied(lent);
  const budgets = [...lent].sort((one, other) => (one.feature < other.feature ? -1 : 1));
  const file: LicenseFile = { id: ids.file, licenseId, expiresAt, budgets, settled: null };
  account.files.push(file);
  tell(account, 'license.file_issued', file.id, account.now);
  return { allowed: true, code: license.phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED', file };
}

function denied({ code }: { readonly code: string }): FileAnswer {
  return { allowed: false, code, file: null };
}

/** Neither ended, nor settled. */
function filesOut({ files, now }: Account, { id }: License): number {
  return files.filter((one) => one.licenseId === id && one.settled === null && now < one.expiresAt).length;
}

/** As many as there may be machines; of a licence that is bound to none, one. */
function mostFiles({ plan, machineLimit }: License): number {
  const { machines } = PLANS[plan];
  return machines ? (machineLimit ?? machines.limit) : 1;
}

/** In whole seconds; with the licence at the latest, its grace included. */
function endOfFile(account: Account, license: License, validFor: string): number {
  const { now, zone } = account;
  const last = graceEndOf(account, license);
  const wanted = plus(now, validFor, zone);
  const end = inSeconds(last === null ? wanted : Math.min(wanted, last));
  return end > now ? end : inSeconds(now) + 1000;
}

function inSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

/** Each as far as it goes; the denial of the first of which not one unit is left. */
function lendBudgets(
  account: Account,
  { ids, fingerprint, budgets }: IssueFile,
  expiresAt: number,
): readonly QuotaLease[] | Answer {
  const leases: QuotaLease[] = [];
  for (const [place, { feature, quantity }] of budgets.entries()) {
    const terms = { id: ids.leases[place] ?? '', file: ids.file, expiresAt };
    const ask = (units: number): Answer => entitlementOf(account, feature, units, { fingerprint });
    const { answer, lease } = lend(account, { feature, quantity }, terms, ask);
    if (lease === null) return answer;
    meet(account, 'a budget is lent');
    leases.push(lease);
  }
  return leases;
}

/** The machine was seen again: so many quarters of each budget were spent. The first time, and the same again, it is done. */
export function settleFile(
  account: Account,
  file: LicenseFile,
  spent: ReadonlyMap<FeatureKey, number>,
): void {
  const { budgets, settled } = file;
  const spentOf = ({ feature }: QuotaLease): number => spent.get(feature) ?? 0;
  if (budgets.some((budget) => spentOf(budget) > budget.quantity)) throw new Refusal('BAD_USER_INPUT');
  if (settled !== null) {
    if (budgets.some((budget) => spentOf(budget) !== (settled.get(budget.feature) ?? 0)))
      throw new Refusal('CONFLICT');
    return;
  }
  file.settled = spent;
  for (const budget of budgets) settleBudget(account, budget, spentOf(budget));
  tell(account, 'license.file_settled', file.id, account.now);
}

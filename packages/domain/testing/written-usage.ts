import { type CustomerAccount, decide, knownState, type Release, rolledUnits } from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { spend } from '../src/usage/spend.js';
import { meterAt } from '../src/usage/window.js';
import { accepted, featureKey, newCustomer, subscribeTo, time } from './subscriptions.js';

/** One line of usage in the documents: `2026-02-01 spend 40 render-minutes → 40 of 60, 20 rolled over`. */
const LINE = /^(\d{4}-\d\d-\d\d)\s+(subscribe to|spend|see)\s+(?:(\d+) )?([a-z-]+)\s*(?:→\s*(.+))?$/;

/** The usage of a document: its fenced blocks of the language `usage`. */
export function usageIn(document: string): string[] {
  return [...document.matchAll(/```usage\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** What is written after each line, and what the customer then sees, as two lists that a test compares. */
export function playUsage(release: Release, block: string): { written: string[]; seen: string[] } {
  const [written, seen]: [string[], string[]] = [[], []];
  let account = newCustomer();
  for (const line of block.trim().split('\n')) {
    const [, date = '', verb, quantity = '0', name = '', after] = LINE.exec(line) ?? [];
    if (verb === undefined) throw new TypeError(`no line of usage: ${line}`);
    account = applyDue(account, release, time(date)).account;
    if (verb === 'subscribe to')
      account = accepted(execute(account, subscribeTo(name), release, time(date))).account;
    if (verb === 'spend') account = spent(account, release, { name, quantity: Number(quantity), date });
    if (after === undefined) continue;
    written.push(`${date}: ${after}`);
    seen.push(`${date}: ${usageOf(account, release, name, date)}`);
  }
  return { written, seen };
}

function spent(
  account: CustomerAccount,
  release: Release,
  { name, quantity, date }: { readonly name: string; readonly quantity: number; readonly date: string },
): CustomerAccount {
  const feature = release.catalog.features.get(featureKey(name));
  if (feature?.type !== 'METERED') throw new TypeError(`${name} is not spent`);
  const request = { kind: 'consume', feature: name, quantity } as const;
  const { delta } = spend(knownState(release, account), request, time(date));
  const meter = meterAt(account, feature, time(date));
  const meters = new Map(account.meters).set(feature.key, { ...meter, used: meter.used + delta });
  return { ...account, meters };
}

function usageOf(account: CustomerAccount, release: Release, name: string, date: string): string {
  const { used, limit } = decide(knownState(release, account), { feature: name, quantity: 0 }, time(date));
  const rolled = rolledUnits(account, featureKey(name), time(date));
  const carried = rolled === 0 ? '' : `, ${String(rolled)} rolled over`;
  return `${String(used)} of ${String(limit)}${carried}`;
}

import { creditsOf, withCredits } from '../src/credits/change-blocks.js';
import { isPrepaid } from '../src/credits/credit-block.js';
import { executeCredits } from '../src/credits/execute-credits.js';
import { spendCredits } from '../src/credits/spend-credits.js';
import {
  type CustomerAccount,
  decide,
  instant,
  type Instant,
  knownState,
  type Meter,
  type MeteredFeature,
  parseCreditBlockId,
  parseReservationId,
  type Release,
  type Reservation,
  rolledUnits,
} from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { isHeldIn } from '../src/usage/held.js';
import { spend } from '../src/usage/spend.js';
import { meterAt } from '../src/usage/window.js';
import { accepted, featureKey, newCustomer, subscribeTo, time } from './subscriptions.js';

/** One line of usage in the documents: `2026-02-01 spend 40 render-minutes → 40 of 60, 20 rolled over`. */
const LINE =
  /^(\d{4}-\d\d-\d\d)\s+(subscribe to|spend|add|reserve|commit|see)\s+(?:(\d+) )?([a-z-]+)(?: until (\d{4}-\d\d-\d\d))?\s*(?:→\s*(.+))?$/;

/** The usage of a document: its fenced blocks of the language `usage`. */
export function usageIn(document: string): string[] {
  return [...document.matchAll(/```usage\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** What is written after each line, and what the customer then sees, as two lists that a test compares. */
export function playUsage(release: Release, block: string): { written: string[]; seen: string[] } {
  const [written, seen]: [string[], string[]] = [[], []];
  let account = newCustomer();
  for (const line of block.trim().split('\n')) {
    const [, date = '', verb = '', quantity = '0', name = '', until, after] = LINE.exec(line) ?? [];
    if (verb === '') throw new TypeError(`no line of usage: ${line}`);
    const at = time(date);
    const expiresAt = until === undefined ? null : time(until);
    account = applyDue(account, release, at).account;
    account = done(account, release, { verb, name, quantity: Number(quantity), at, expiresAt });
    if (after === undefined) continue;
    written.push(`${date}: ${after}`);
    seen.push(`${date}: ${usageOf(account, release, name, at)}`);
  }
  return { written, seen };
}

interface Deed {
  readonly verb: string;
  readonly name: string;
  readonly quantity: number;
  readonly at: Instant;
  readonly expiresAt: Instant | null;
}

function done(account: CustomerAccount, release: Release, deed: Deed): CustomerAccount {
  const { verb, name, at } = deed;
  switch (verb) {
    case 'subscribe to':
      return accepted(execute(account, subscribeTo(name), release, at)).account;
    case 'add':
      return added(account, release, deed);
    case 'spend':
      return moved(account, release, deed, 'consume');
    case 'reserve':
      return moved(account, release, deed, 'reserve');
    case 'commit':
      return committed(account, release, deed);
    default:
      return account;
  }
}

let ids = 0;
function made<Id>(parse: (text: string) => Id | null, prefix: string): Id {
  const id = parse(`${prefix}_${String((ids += 1))}`);
  if (id === null) throw new TypeError(`no id: ${prefix}`);
  return id;
}

function added(
  account: CustomerAccount,
  release: Release,
  { name, quantity, at, expiresAt }: Deed,
): CustomerAccount {
  const blockId = made(parseCreditBlockId, 'blk');
  const command = { kind: 'addCredits', blockId, feature: name, quantity, priority: 0, expiresAt } as const;
  return accepted(executeCredits(account, command, release, at)).account;
}

const HOUR = 3_600_000;

/** Written as the database does. A reservation of the documents lasts an hour. */
function moved(
  account: CustomerAccount,
  release: Release,
  { name, quantity, at }: Deed,
  kind: 'consume' | 'reserve',
): CustomerAccount {
  const feature = meteredNamed(release, name);
  const { decision } = spend(knownState(release, account), { kind, feature: name, quantity }, at);
  if (!decision.allowed) throw new TypeError(`${name}: ${decision.code}`);
  const spent = isPrepaid(feature) ? spendCredits(creditsOf(account, feature.key), { kind, quantity }) : null;
  const meter = meterAt(account, feature, at);
  const counted = { ...meter, used: decision.used ?? 0, reserved: decision.reserved ?? 0 };
  const after = spent === null ? account : withCredits(account, feature.key, spent);
  if (kind === 'consume') return withCounter(after, counted);
  const reservation: Reservation = {
    id: made(parseReservationId, 'rsv'),
    feature: feature.key,
    quantity,
    expiresAt: instant(at + HOUR),
    windowStart: meter.window?.start ?? null,
    holds: spent?.holds ?? [],
  };
  const reservations = [...after.reservations, reservation];
  return withCounter({ ...after, reservations }, { ...counted, freesAt: reservation.expiresAt });
}

/** The oldest reservation of the feature. */
function committed(
  account: CustomerAccount,
  release: Release,
  { name, quantity, at }: Deed,
): CustomerAccount {
  const feature = meteredNamed(release, name);
  const reservation = account.reservations.find((one) => one.feature === feature.key);
  const meter = meterAt(account, feature, at);
  if (reservation === undefined || !isHeldIn(meter, reservation))
    throw new TypeError(`nothing of ${name} is held`);
  const request = { kind: 'commit', feature: name, quantity, held: reservation.quantity } as const;
  const { decision } = spend(knownState(release, account), request, at);
  const reservations = account.reservations.filter((one) => one !== reservation);
  const settled = isPrepaid(feature)
    ? withCredits(
        account,
        feature.key,
        spendCredits(creditsOf(account, feature.key), request, reservation.holds),
      )
    : account;
  return withCounter(
    { ...settled, reservations },
    {
      ...meter,
      used: decision.used ?? 0,
      reserved: decision.reserved ?? 0,
      freesAt: null,
    },
  );
}

function meteredNamed(release: Release, name: string): MeteredFeature {
  const feature = release.catalog.features.get(featureKey(name));
  if (feature?.type !== 'METERED') throw new TypeError(`${name} is not spent`);
  return feature;
}

function withCounter(account: CustomerAccount, meter: Meter): CustomerAccount {
  const overdrawn = account.meters.get(meter.feature)?.overdrawn ?? 0;
  return { ...account, meters: new Map(account.meters).set(meter.feature, { ...meter, overdrawn }) };
}

function usageOf(account: CustomerAccount, release: Release, name: string, at: Instant): string {
  const decision = decide(knownState(release, account), { feature: name, quantity: 0 }, at);
  const { used, limit, reserved } = decision;
  const rolled = rolledUnits(account, featureKey(name), at);
  const held = reserved === 0 ? '' : `, ${String(reserved)} reserved`;
  const carried = rolled === 0 ? '' : `, ${String(rolled)} rolled over`;
  return `${String(used)} of ${String(limit)}${held}${carried}`;
}

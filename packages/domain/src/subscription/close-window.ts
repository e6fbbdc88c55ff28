import type { MeteredFeature } from '../catalog/catalog.js';
import { NO_CONTEXT } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import { NOBODY } from '../decision/asker.js';
import { entitlementOf } from '../decision/entitlement.js';
import { instant, type Instant } from '../time/instant.js';
import type { Meter, Span } from '../usage/meter.js';
import { lentIn } from '../usage/quota-lease.js';
import { carriedOver, endRolled, sumOf, withoutRolled } from '../usage/rollover.js';
import { meterAt } from '../usage/window.js';
import type { AccountChange } from './command.js';

interface Over {
  readonly meter: Meter;
  readonly window: Span;
  readonly feature: MeteredFeature;
  /** The customer as it was until the window's end: what changes at that very instant did not count in the window. */
  readonly before: CustomerAccount;
}

/** A window is over: the next one begins, with what this one has left where the feature rolls over. */
export function closeWindow(
  account: CustomerAccount,
  { meter, window, feature, before }: Over,
  release: Release,
): AccountChange {
  const { rollover, key } = feature;
  const own = rollover === null ? null : ownLimit(before, release, feature, instant(window.end - 1));
  const rolled = carriedOver(meter, { window, rollover, own, zone: account.timeZone });
  const written = { ...account, meters: new Map(account.meters).set(key, meter) };
  const next = { ...meterAt(written, feature, window.end), rolled };
  const rolls = rollover !== null || meter.rolled.length > 0;
  const event = {
    type: 'usage.window_closed',
    at: window.end,
    feature: key,
    window,
    used: meter.used + lentIn(account, meter),
    ...(rolls ? { rolledIn: sumOf(meter.rolled), rolledOver: sumOf(rolled) } : {}),
  } as const;
  return {
    account: { ...account, meters: new Map([...account.meters, [key, next]]) },
    events: [event],
  };
}

/** What the customer has of the feature without rolled units; null: nothing that could be left over (docs/rules.md, "Spending"). */
function ownLimit(
  account: CustomerAccount,
  release: Release,
  feature: MeteredFeature,
  at: Instant,
): number | null {
  const subject = {
    ...{ account: withoutRolled(account, feature.key), release, feature },
    ...{ context: NO_CONTEXT, asker: NOBODY },
  };
  const right = entitlementOf(subject, at);
  if (right.kind !== 'ENTITLED' || right.allowance.kind !== 'UNITS') return null;
  const { limit, ceiling } = right.allowance;
  return ceiling === null ? null : limit;
}

/** Rolled units end before their window does: what is spent of them counts on, the rest is told as lost. */
export function endRolledUnits(account: CustomerAccount, meter: Meter, at: Instant): AccountChange {
  const { meter: next, lost } = endRolled(meter, at);
  const event = {
    type: 'usage.rollover_expired',
    at,
    feature: meter.feature,
    units: lost,
    rolledOver: sumOf(next.rolled),
  } as const;
  return {
    account: { ...account, meters: new Map([...account.meters, [meter.feature, next]]) },
    events: [event],
  };
}

import { type Account, meet, type Meter, tell } from './account.js';
import { plus } from './calendar.js';
import { type FeatureKey, windowed } from './features.js';

type Lots = Meter['rolled'];

export function sumOf({ rolled }: Pick<Meter, 'rolled'>): number {
  return rolled.reduce((total, { units }) => total + units, 0);
}

/** What is left of each when so much has been taken, the soonest to end first. */
function after(rolled: Lots, taken: number): Lots {
  let rest = taken;
  return rolled.map((lot) => {
    const spent = Math.min(rest, lot.units);
    rest -= spent;
    return { ...lot, units: lot.units - spent };
  });
}

/** What the next window begins with. */
export function leftOver(
  account: Account,
  feature: FeatureKey,
  meter: Meter,
  { taken, end }: { readonly taken: number; readonly end: number },
): Lots {
  const spec = windowed(feature);
  const rollover = spec?.rollover;
  if (!spec || rollover === undefined) return [];
  const ownTaken = Math.max(0, taken - sumOf(meter));
  const own = account.own.get(feature) ?? ownTaken;
  const until = plus(end, rollover.for, account.zone);
  const lots = [...after(meter.rolled, taken), { units: own - ownTaken, until }]
    .filter((lot) => lot.units > 0 && lot.until > end)
    .sort((one, other) => one.until - other.until);
  if (lots.length > 0)
    meet(account, `units roll over by the ${spec.anchor === 'calendar' ? 'calendar' : 'anchor'}`);
  let room = rollover.atMost;
  return lots
    .reverse()
    .map((lot) => {
      const units = Math.min(room, lot.units);
      room -= units;
      return { ...lot, units };
    })
    .filter(({ units }) => units > 0)
    .reverse();
}

/** When the first of it ends of which something is left, within the window; null: none does. */
export function nextEnd({ rolled, used, window }: Meter): number | null {
  const next = rolled.find((_, index) => (after(rolled, used)[index]?.units ?? 0) > 0);
  return next !== undefined && window !== null && next.until < window.end ? next.until : null;
}

/** What is left of those that have ended is lost; what was spent of them counts on until the window is over. */
export function loseLeft(meter: Meter, at: number): void {
  const left = after(meter.rolled, meter.used);
  meter.rolled = meter.rolled
    .map((lot, index) => (lot.until <= at ? { ...lot, units: lot.units - (left[index]?.units ?? 0) } : lot))
    .filter(({ units }) => units > 0);
}

export function endLots(account: Account, feature: FeatureKey, meter: Meter, at: number): void {
  loseLeft(meter, at);
  meet(account, 'rolled-over units end');
  tell(account, 'usage.rollover_expired', feature, at);
}

import fc from 'fast-check';
import {
  accepted,
  changeTo,
  featureKey,
  metered,
  newCustomer,
  plan,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
  zoneOf,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { applyDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { instant, type Instant } from '../time/instant.js';
import { changeTimeZone } from './time-zone.js';
import type { Span } from './meter.js';
import { spend } from './spend.js';
import { meterAt } from './window.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIMIT = 100;
const FEATURES = ['anchored', 'calendar'] as const;
const release = releaseOf({
  features: [metered('anchored', 'P1M', 'subscription'), metered('calendar', 'P1M', 'calendar')],
  plans: ['one', 'two'].map((key) =>
    plan(key, { period: 'P1M', units: { anchored: LIMIT, calendar: LIMIT } }),
  ),
  transitions: [transition('one', 'two'), transition('two', 'one', { usage: 'reset' })],
});

/** What was granted of a feature, and the windows that were closed since. */
interface Ledger {
  account: CustomerAccount;
  now: Instant;
  readonly granted: Map<FeatureKey, number>;
  readonly closed: { readonly feature: FeatureKey; readonly window: Span; readonly used: number }[];
}

type Action =
  { readonly kind: 'consume' | 'change' | 'again' } | { readonly kind: 'move'; readonly zone: string };
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Pacific/Honolulu',
  'Pacific/Kiritimati',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
];
const zone = fc.constantFrom(...ZONES);
const consume = fc.constant<Action>({ kind: 'consume' });
const move = zone.map((to): Action => ({ kind: 'move', zone: to }));
const other = fc.constantFrom<Action>({ kind: 'change' }, { kind: 'again' });
const steps = (actions: fc.Arbitrary<Action>) =>
  fc.array(fc.record({ hours: fc.oneof(fc.nat(30), fc.nat(1500)), action: actions, units: fc.nat(130) }), {
    maxLength: 14,
  });
const START = time('2026-01-31T20:15:00Z');

function begin(home: string): Ledger {
  const { account } = accepted(execute(newCustomer(home), subscribeTo('one'), release, START));
  return { account, now: START, granted: new Map(), closed: [] };
}

function pass(ledger: Ledger, hours: number): void {
  ledger.now = instant(ledger.now + hours * HOUR);
  take(ledger, applyDue(ledger.account, release, ledger.now));
}

function take(ledger: Ledger, { account, events }: ReturnType<typeof applyDue>): void {
  ledger.account = account;
  for (const event of events) {
    if (event.type === 'usage.window_closed') ledger.closed.push(event);
  }
}

function act(ledger: Ledger, action: Action, units: number): void {
  const { account, now } = ledger;
  switch (action.kind) {
    case 'consume':
      if (units > 0) for (const feature of FEATURES) consumeOf(ledger, featureKey(feature), units);
      return;
    case 'move':
      ledger.account = changeTimeZone(account, release, zoneOf(action.zone), now);
      return;
    case 'change': {
      const key = account.subscriptions.at(-1)?.planVersion.plan.key === 'one' ? 'two' : 'one';
      const id = account.subscriptions.at(-1)?.id ?? subscriptionId('sub_1');
      const outcome = execute(account, changeTo(key, { subscriptionId: id }), release, now);
      if (outcome.ok) take(ledger, outcome);
      return;
    }
    case 'again': {
      const last = account.subscriptions.at(-1);
      if (last?.status === 'ACTIVE') {
        const cancel = { kind: 'cancel', subscriptionId: last.id, timing: 'NOW', at: null } as const;
        take(ledger, accepted(execute(account, cancel, release, now)));
      } else {
        const id = `sub_${String(account.subscriptions.length + 1)}`;
        take(ledger, accepted(execute(account, subscribeTo('one', { id }), release, now)));
      }
    }
  }
}

/** Written as the database does: the counter of the running window, `used` as it stands after the spend. */
function consumeOf(ledger: Ledger, key: FeatureKey, units: number): void {
  const { account, now } = ledger;
  const feature = release.catalog.features.get(key);
  if (feature?.type !== 'METERED') throw new Error('the feature is metered');
  const { decision, delta } = spend(
    knownState(release, account),
    { kind: 'consume', feature: key, quantity: units },
    now,
  );
  if (delta === 0) return;
  ledger.granted.set(key, (ledger.granted.get(key) ?? 0) + delta);
  const meter = { ...meterAt(account, feature, now), used: decision.used ?? 0 };
  ledger.account = { ...account, meters: new Map(account.meters).set(key, meter) };
}

/** Every window in which something was used, the running one last. */
function windowsOf(
  { account, closed }: Ledger,
  key: FeatureKey,
): { readonly window: Span; readonly used: number }[] {
  const meter = account.meters.get(key);
  const running = meter?.window && meter.used > 0 ? [{ window: meter.window, used: meter.used }] : [];
  return [...closed.filter(({ feature }) => feature === key), ...running];
}

function play(home: string, sequence: readonly { hours: number; action: Action; units: number }[]): Ledger {
  const ledger = begin(home);
  for (const { hours, action, units } of sequence) {
    pass(ledger, hours);
    act(ledger, action, units);
  }
  return ledger;
}

test('what was granted is found again, each unit in one window, and no window holds more than the limit', () => {
  fc.assert(
    fc.property(zone, steps(fc.oneof(consume, move, other)), (home, sequence) => {
      const ledger = play(home, sequence);
      for (const feature of FEATURES.map(featureKey)) {
        const windows = windowsOf(ledger, feature);
        expect(windows.reduce((sum, { used }) => sum + used, 0)).toBe(ledger.granted.get(feature) ?? 0);
        expect(windows.every(({ used }) => used <= LIMIT)).toBe(true);
        windows.forEach(({ window }, index) => {
          const earlier = windows[index - 1];
          if (earlier) expect(earlier.window.end).toBeLessThanOrEqual(window.start);
        });
      }
    }),
    { numRuns: 300 },
  );
});

test('moves from zone to zone add no window and skip none: each is a month long, but for the hours between zones', () => {
  fc.assert(
    fc.property(zone, steps(fc.oneof(consume, move)), (home, sequence) => {
      const ledger = play(home, sequence);
      for (const { window } of windowsOf(ledger, featureKey('anchored'))) {
        const days = (window.end - window.start) / DAY;
        expect(days).toBeGreaterThan(28 - 1.1 - 1 / 24);
        expect(days).toBeLessThan(31 + 1.1 + 1 / 24);
      }
    }),
    { numRuns: 300 },
  );
});

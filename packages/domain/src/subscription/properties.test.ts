import fc from 'fast-check';
import { meridian } from '../../testing/meridian.js';
import { play, steps, type Told, zones } from '../../testing/histories.js';
import { instant } from '../time/instant.js';
import type { SubscriptionEventType } from './command.js';
import { nextSubscriptionBoundary } from './boundary.js';
import { applyDue, nextDue } from './due.js';
import type { SubscriptionStatus } from './subscription.js';

const HOUR = 3_600_000;
const release = meridian();
/** It tells of ends that are near, and windows roll over. */
const attentive = meridian(1, ['P7D', 'P1D'], true);

/** docs/rules.md, "Subscription", read by events: from which status to which. */
const LIVE = ['SCHEDULED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'PAUSED'] as const;
const same = LIVE.map((status) => `${status} ${status}`);
const STEPS: Record<SubscriptionEventType, readonly string[]> = {
  'subscription.scheduled': ['none SCHEDULED'],
  'subscription.started': [
    'none TRIALING',
    'none ACTIVE',
    'SCHEDULED TRIALING',
    'SCHEDULED ACTIVE',
    'SCHEDULED PAST_DUE',
  ],
  'subscription.trial_ended': ['TRIALING ACTIVE', 'TRIALING EXPIRED'],
  'subscription.trial_extended': ['TRIALING TRIALING'],
  'subscription.renewed': ['ACTIVE ACTIVE', 'PAST_DUE PAST_DUE', 'PAUSED PAUSED'],
  'subscription.payment_failed': [...same, 'ACTIVE PAST_DUE'],
  'subscription.payment_succeeded': [
    'SCHEDULED SCHEDULED',
    'TRIALING TRIALING',
    'ACTIVE ACTIVE',
    'PAST_DUE ACTIVE',
    'PAUSED PAUSED',
  ],
  'subscription.paused': ['TRIALING PAUSED', 'ACTIVE PAUSED', 'PAUSED PAUSED'],
  'subscription.resumed': ['PAUSED TRIALING', 'PAUSED ACTIVE', 'PAUSED PAST_DUE'],
  'subscription.plan_changed': [...same, 'TRIALING ACTIVE', 'PAST_DUE ACTIVE', 'PAUSED ACTIVE'],
  'subscription.adjusted': same,
  'subscription.change_scheduled': same,
  'subscription.change_withdrawn': same,
  'subscription.change_refused': same,
  'subscription.cancel_scheduled': same,
  'subscription.cancel_withdrawn': same,
  'subscription.canceled': LIVE.map((status) => `${status} CANCELED`),
  'subscription.expired': ['TRIALING EXPIRED', 'PAST_DUE EXPIRED'],
  'subscription.archived': ['CANCELED CANCELED', 'EXPIRED EXPIRED'],
};

test('no step leaves the table, and what has ended stays as it ended', () => {
  fc.assert(
    fc.property(zones, steps, (zone, sequence) => {
      for (const { before, change } of play(zone, sequence).calls) {
        for (const event of change.events) {
          if (!('after' in event)) continue;
          const step = `${event.before?.status ?? 'none'} ${event.after.status}`;
          expect(STEPS[event.type]).toContain(step);
        }
        for (const one of before.subscriptions) {
          if (isFinal(one.status)) expect(change.account.subscriptions).toContain(one);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a customer has at most one live subscription in each family', () => {
  fc.assert(
    fc.property(zones, steps, (zone, sequence) => {
      const live = play(zone, sequence).account.subscriptions.filter(({ status }) => !isFinal(status));
      const families = live.map(({ planVersion }) => planVersion.plan.family);
      expect(new Set(families).size).toBe(families.length);
    }),
    { numRuns: 200 },
  );
});

test('events come in the order of their times, none of them ahead', () => {
  fc.assert(
    fc.property(zones, steps, (zone, sequence) => {
      for (const { change, now } of play(zone, sequence, attentive).calls) {
        const times = change.events.map(({ at }) => at);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times.every((at) => at <= now)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test('one late call does what many early ones do, with the same events', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(zones, steps, pauses, (zone, sequence, gaps) => {
      const { account, now } = play(zone, sequence, attentive);
      let stepwise: Told = { account, events: [] };
      let at = now;
      for (const gap of gaps) {
        at = instant(at + gap * HOUR);
        const next = applyDue(stepwise.account, attentive, at);
        stepwise = { account: next.account, events: [...stepwise.events, ...next.events] };
      }
      expect(applyDue(account, attentive, at)).toEqual(stepwise);
    }),
    { numRuns: 200 },
  );
});

test('`nextDue` is the first instant at which something is due', () => {
  fc.assert(
    fc.property(zones, steps, (zone, sequence) => {
      const { account, now } = play(zone, sequence, attentive);
      const settled = applyDue(account, attentive, now).account;
      const due = nextDue(settled, attentive);
      if (due === null) {
        expect(applyDue(settled, attentive, instant(now + 1e12)).events).toEqual([]);
        return;
      }
      expect(due).toBeGreaterThan(now);
      expect(applyDue(settled, attentive, instant(due - 1))).toEqual({ account: settled, events: [] });
      expect(applyDue(settled, attentive, due).events[0]?.at).toBe(due);
    }),
    { numRuns: 200 },
  );
});

test('between two boundaries a subscription changes by renewal alone', () => {
  fc.assert(
    fc.property(zones, steps, (zone, sequence) => {
      const { account, now } = play(zone, sequence);
      const settled = applyDue(account, release, now).account;
      for (const one of settled.subscriptions) {
        const boundary = nextSubscriptionBoundary(one, now) ?? instant(now + 5000 * HOUR);
        const until = instant(Math.min(boundary - 1, now + 5000 * HOUR));
        const others = { ...settled, subscriptions: [one] };
        const types = new Set(applyDue(others, release, until).events.map(({ type }) => type));
        types.delete('usage.window_closed');
        types.delete('subscription.archived');
        expect([...types].filter((type) => type !== 'subscription.renewed')).toEqual([]);
      }
    }),
    { numRuns: 150 },
  );
});

test('a feature is anchored while a subscription gives it, and only then', () => {
  fc.assert(
    fc.property(zones, steps, (zone, sequence) => {
      const { account } = play(zone, sequence);
      const given = account.subscriptions
        .filter(({ status }) => !isFinal(status) && status !== 'SCHEDULED')
        .flatMap(({ planVersion }) => [...planVersion.plan.entitlements.keys()]);
      expect([...account.windowAnchors.keys()].sort()).toEqual([...new Set(given)].sort());
    }),
    { numRuns: 200 },
  );
});

function isFinal(status: SubscriptionStatus): boolean {
  return status === 'CANCELED' || status === 'EXPIRED';
}

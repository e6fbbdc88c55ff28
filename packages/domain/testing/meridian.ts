import type { Release } from '../src/index.js';
import { addOn, duration, metered, plan, planKey, releaseOf, transition } from './subscriptions.js';

const DOWN = { takesEffect: 'periodEnd', usage: 'reset' } as const;

/** A catalog with every kind of fallback. */
export function meridian(version = 1, expiringSoon: readonly string[] = [], rolls = false): Release {
  const [calls, minutes] = [metered('calls', 'P1M', 'subscription'), metered('minutes', 'P1M', 'calendar')];
  return releaseOf({
    expiringSoon,
    version,
    features: [
      { ...calls, rollover: rolls ? { atMost: 150, for: duration('P45D') } : null },
      { ...minutes, rollover: rolls ? { atMost: null, for: duration('P2M') } : null },
      metered('credits', null, 'calendar'),
    ],
    plans: [
      plan('free', { units: { calls: 10 } }),
      plan('pro', {
        period: 'P1M',
        grace: 'P7D',
        onExpiry: 'free',
        onPause: 'stops',
        trial: { for: duration('P14D'), then: { kind: 'PLAN', plan: planKey('free') } },
        units: { calls: 100, minutes: 60 },
      }),
      plan('team', {
        period: 'P1M',
        trial: { for: duration('P30D'), then: { kind: 'EXPIRE' } },
        units: { calls: 500 },
      }),
      plan('enterprise', {
        period: 'P1Y',
        grace: 'P30D',
        onCancel: 'free',
        units: { calls: 900, minutes: 900 },
      }),
      plan('club', {
        family: 'club',
        period: 'P1W',
        trial: { for: duration('P3D'), then: { kind: 'CONTINUE' } },
        units: { calls: 5 },
      }),
      plan('forever', { model: 'PERPETUAL' }),
      plan('closed', { family: 'other' }),
    ],
    addOns: [addOn('more-calls', ['pro', 'team'], { calls: 50 })],
    transitions: [
      transition('free', 'pro team enterprise'),
      transition('pro', 'enterprise team'),
      transition('team', 'pro', { usage: 'prorate', addOnsNotOffered: 'refuse' }),
      transition('pro team enterprise', 'free', DOWN),
      transition('enterprise', 'pro', { takesEffect: 'periodEnd', usage: 'prorate' }),
      transition('pro', 'club'),
    ],
  });
}

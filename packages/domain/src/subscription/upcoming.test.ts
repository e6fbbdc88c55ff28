import fc from 'fast-check';
import { meridian } from '../../testing/meridian.js';
import { play, steps, zones } from '../../testing/histories.js';
import { accepted, newCustomer, planKey, subscribeTo, time } from '../../testing/subscriptions.js';
import { instant } from '../time/instant.js';
import { applyDue } from './due.js';
import { execute } from './execute.js';
import { describeUpcoming, upcoming } from './upcoming.js';

const DAY = 86_400_000;
const release = meridian();
/** It tells of ends that are near. */
const attentive = meridian(1, ['P7D', 'P1D']);
const NOW = time('2026-01-31T12:00:00Z');

test('what is foretold is what will have happened, event by event, whatever the history', () => {
  fc.assert(
    fc.property(zones, steps, fc.integer({ min: 1, max: 400 }), (zone, sequence, days) => {
      const { account, now } = play(zone, sequence, attentive);
      const until = instant(now + days * DAY);
      const known = applyDue(account, attentive, now).account;
      const foretold = upcoming(account, attentive, now, { until, most: 1000 });
      expect(foretold).toEqual(applyDue(known, attentive, until).events);
      for (const event of foretold) expect(describeUpcoming(event)).not.toBe('');
    }),
    { numRuns: 200 },
  );
});

describe('a trial that nobody touches', () => {
  const { account } = accepted(execute(newCustomer(), subscribeTo('pro', { trial: true }), release, NOW));
  const foretell = (most: number, until: string | null = null) =>
    upcoming(account, release, NOW, { most, until: until === null ? null : time(until) });

  test('ends, in words that people read', () => {
    const [first] = foretell(1);
    expect(first?.type).toBe('subscription.trial_ended');
    expect(first && describeUpcoming(first)).toContain('the trial ends');
  });

  test('is told of so far as was asked, and no further', () => {
    expect(foretell(1)).toHaveLength(1);
    expect(foretell(20, '2026-02-01T00:00:00Z')).toEqual([]);
  });
});

test('nothing lies ahead of who has nothing', () => {
  expect(upcoming(newCustomer(), release, NOW, { until: null, most: 20 })).toEqual([]);
});

test('a plan that renews for ever is told of as often as was asked', () => {
  const { account } = accepted(execute(newCustomer(), subscribeTo('pro'), release, NOW));
  const renewals = upcoming(account, release, NOW, { until: null, most: 5 });
  expect(renewals.map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => 'subscription.renewed'));
  expect(release.catalog.plans.get(planKey('pro'))?.period).not.toBeNull();
});

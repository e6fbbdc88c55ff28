import fc from 'fast-check';
import {
  accepted,
  changeTo,
  duration,
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
import type { MeteredFeature, PlanEntitlement } from '../catalog/catalog.js';
import { type CustomerAccount, knownState, type Release } from '../customer.js';
import { decide } from '../decision/decide.js';
import { ceilingOf } from '../decision/entitlement.js';
import type { AccountChange, CustomerEvent, SubscriptionCommand } from '../subscription/command.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { concernOf } from '../release/concern.js';
import { passReleases } from '../release/former-releases.js';
import { formatInstant, instant } from '../time/instant.js';
import { sumOf } from './rollover.js';
import { spend } from './spend.js';
import { changeTimeZone } from './time-zone.js';
import { meterAt } from './window.js';

const CALLS = featureKey('calls');
const START = '2026-01-01';

interface Options {
  readonly atMost?: number | null;
  readonly for?: string;
  readonly every?: string;
  readonly anchor?: 'calendar' | 'subscription';
  readonly entitlement?: Partial<Extract<PlanEntitlement, { kind: 'UNITS' }>>;
  readonly rollover?: null;
}

function releaseWith(options: Options = {}): Release {
  const feature: MeteredFeature = {
    ...metered('calls', options.every ?? 'P1M', options.anchor ?? 'calendar'),
    rollover:
      options.rollover === null
        ? null
        : { atMost: options.atMost ?? null, for: duration(options.for ?? 'P1Y') },
  };
  const given = { kind: 'UNITS', limit: 100, enforcement: { kind: 'HARD' }, ...options.entitlement } as const;
  const entitlements = new Map([[CALLS, given]]);
  return releaseOf({
    features: [feature],
    plans: [
      plan('one', { period: 'P1M', entitlements }),
      plan('two', { period: 'P1M', units: { calls: 50 } }),
      plan('none', { period: 'P1M' }),
    ],
    transitions: [
      transition('one', 'two'),
      transition('two', 'one', { usage: 'reset' }),
      transition('one', 'none', { usage: 'carry' }),
      transition('none', 'one', { usage: 'prorate' }),
    ],
  });
}

/** A customer's story under one release, told by its events. */
class Story {
  readonly events: CustomerEvent[] = [];
  account: CustomerAccount;

  constructor(
    readonly release: Release,
    zone = 'UTC',
    at = START,
  ) {
    this.account = newCustomer(zone);
    this.does(at, subscribeTo('one'));
  }

  until(at: string): this {
    return this.#take(applyDue(this.account, this.release, time(at)));
  }

  does(at: string, command: SubscriptionCommand): this {
    this.until(at);
    return this.#take(accepted(execute(this.account, command, this.release, time(at))));
  }

  /** As the database writes it: the counter of the running window. How much of it was granted. */
  spends(at: string, quantity: number, kind: 'consume' | 'record' = 'consume'): number {
    this.until(at);
    const state = knownState(this.release, this.account);
    const { delta } = spend(state, { kind, feature: 'calls', quantity }, time(at));
    const meter = meterAt(this.account, this.feature, time(at));
    const meters = new Map(this.account.meters).set(CALLS, { ...meter, used: meter.used + delta });
    this.account = { ...this.account, meters };
    return delta;
  }

  moves(at: string, zone: string): this {
    this.until(at);
    this.account = changeTimeZone(this.account, this.release, zoneOf(zone), time(at));
    return this;
  }

  /** `used of limit`, and of which instants rolled units are left. */
  sees(at: string): string {
    this.until(at);
    const state = knownState(this.release, this.account);
    const { used, limit, code } = decide(state, { feature: 'calls', quantity: 0 }, time(at));
    return limit === null ? code : `${String(used)} of ${String(limit)}`;
  }

  lots(at: string): string[] {
    this.until(at);
    const { rolled } = meterAt(this.account, this.feature, time(at));
    return rolled.map(({ units, until }) => `${String(units)} until ${day(until)}`);
  }

  get feature(): MeteredFeature {
    const feature = this.release.catalog.features.get(CALLS);
    if (feature?.type !== 'METERED') throw new Error('calls are metered');
    return feature;
  }

  get told(): string[] {
    return this.events.flatMap((event) => {
      if (event.type === 'usage.rollover_expired')
        return [`${day(event.at)} ${String(event.units)} lost, ${String(event.rolledOver)} left`];
      if (event.type !== 'usage.window_closed') return [];
      const { at, used, rolledIn, rolledOver } = event;
      return [`${day(at)} ${String(used)} used, ${String(rolledIn)} in, ${String(rolledOver)} over`];
    });
  }

  #take({ account, events }: AccountChange): this {
    this.account = account;
    this.events.push(...events);
    return this;
  }
}

const day = (at: number): string => formatInstant(instant(at)).slice(0, 10);
const ID = { subscriptionId: subscriptionId('sub_1') };
const PAUSE: SubscriptionCommand = { kind: 'pause', ...ID };
const CANCEL: SubscriptionCommand = { kind: 'cancel', ...ID, timing: 'NOW', at: null };

describe('what a window leaves over', () => {
  test('adds up, window after window, where nothing is used and no counter was ever written', () => {
    const story = new Story(releaseWith());
    expect(story.account.meters.size).toBe(0);
    expect([story.sees('2026-01-31'), story.sees('2026-02-01'), story.sees('2026-04-01')]).toEqual([
      '0 of 100',
      '0 of 200',
      '0 of 400',
    ]);
    expect(story.told).toEqual([
      '2026-02-01 0 used, 0 in, 100 over',
      '2026-03-01 0 used, 100 in, 200 over',
      '2026-04-01 0 used, 200 in, 300 over',
    ]);
    expect(story.lots('2026-04-01')).toEqual([
      '100 until 2027-02-01',
      '100 until 2027-03-01',
      '100 until 2027-04-01',
    ]);
  });

  test('is kept up to `atMost`, and the oldest is dropped', () => {
    const story = new Story(releaseWith({ atMost: 150 }));
    expect(story.lots('2026-03-01')).toEqual(['50 until 2027-02-01', '100 until 2027-03-01']);
    story.spends('2026-03-02', 130);
    expect(story.lots('2026-04-01')).toEqual(['20 until 2027-03-01', '100 until 2027-04-01']);
    expect(new Story(releaseWith({ atMost: 0 })).sees('2026-06-01')).toBe('0 of 100');
  });

  test('ends after `for`, with a window without a word of its own', () => {
    const story = new Story(releaseWith({ for: 'P2M' }));
    expect(story.lots('2026-05-01')).toEqual(['100 until 2026-06-01', '100 until 2026-07-01']);
    expect(story.told.filter((line) => line.includes('lost'))).toEqual([]);
    expect(new Story(releaseWith({ for: 'PT1S' })).told).toEqual([]);
  });

  test('is spent before the window’s own, the soonest to end first', () => {
    const story = new Story(releaseWith());
    expect(story.spends('2026-03-01', 120)).toBe(120);
    expect(story.lots('2026-04-01')).toEqual(['80 until 2027-03-01', '100 until 2027-04-01']);
    expect(story.spends('2026-04-01', 281)).toBe(0);
    expect(story.spends('2026-04-01', 280)).toBe(280);
    expect(story.spends('2026-04-02', 1)).toBe(0);
    expect(story.sees('2026-05-01')).toBe('0 of 100');
  });

  test('is not what is reserved when the window ends', () => {
    const story = new Story(releaseWith());
    story.spends('2026-02-01', 110);
    const held = { ...meterAt(story.account, story.feature, time('2026-02-02')), reserved: 20 };
    story.account = { ...story.account, meters: new Map([[CALLS, held]]) };
    expect(story.lots('2026-03-01')).toEqual(['70 until 2027-03-01']);
  });

  test('usage beyond the limit is taken from no other window', () => {
    const story = new Story(releaseWith());
    story.spends('2026-02-01', 500, 'record');
    expect([story.sees('2026-02-02'), story.sees('2026-03-01'), story.sees('2026-04-01')]).toEqual([
      '500 of 200',
      '0 of 100',
      '0 of 200',
    ]);
  });

  test.each<[string, Options, string]>([
    ['unlimited', { entitlement: { limit: null } }, 'ENTITLED'],
    ['not enforced', { entitlement: { enforcement: { kind: 'NONE' } } }, '0 of 100'],
    ['not rolled over by the catalog', { rollover: null }, '0 of 100'],
  ])('is nothing where the feature is %s', (_, options, seen) => {
    expect(new Story(releaseWith(options)).sees('2026-03-01')).toBe(seen);
  });

  test('raises limit and ceiling alike, without a share of overage', () => {
    const soft = { kind: 'SOFT', overage: { percent: 10 } } as const;
    const story = new Story(releaseWith({ entitlement: { enforcement: soft } }));
    story.spends('2026-01-02', 105);
    expect(story.sees('2026-02-01')).toBe('0 of 100');
    story.until('2026-03-01');
    expect(ceilingOf(story.account, story.release, CALLS, time('2026-03-01'))).toMatchObject({
      ceiling: 210,
    });
    expect(story.spends('2026-03-01', 211)).toBe(0);
    expect(story.spends('2026-03-01', 210)).toBe(210);
  });

  test('is nothing where the customer had no right to it when the window ended', () => {
    const paused = new Story(releaseWith()).does('2026-02-10', PAUSE);
    expect(paused.lots('2026-04-01')).toEqual(['100 until 2027-02-01']);
    paused.does('2026-04-02', { kind: 'resume', ...ID });
    expect(paused.sees('2026-04-02')).toBe('0 of 200');
  });

  test('is reckoned by the plan of the window, though another one begins with the next', () => {
    const at = time('2026-02-01');
    const story = new Story(releaseWith()).does('2026-01-05', changeTo('two', { timing: 'AT', at }));
    expect(story.sees('2026-02-01')).toBe('0 of 150');
    expect(story.sees('2026-03-01')).toBe('0 of 200');
  });

  test('is reckoned by a prorated limit where the window had one', () => {
    const release = releaseWith();
    const prorating = {
      ...release,
      catalog: { ...release.catalog, transitions: [transition('one', 'two', { usage: 'prorate' })] },
    };
    const story = new Story(prorating).does('2026-01-11', changeTo('two'));
    // ⌊(100 × 10 + 50 × 21) ÷ 31⌋
    expect([story.sees('2026-01-11'), story.sees('2026-02-01')]).toEqual(['0 of 66', '0 of 116']);
    expect(story.told).toEqual(['2026-02-01 0 used, 0 in, 66 over']);
  });
});

describe('rolled units', () => {
  test('end with `usage: reset`', () => {
    const story = new Story(releaseWith()).does('2026-02-10', changeTo('two'));
    expect(story.sees('2026-02-10')).toBe('0 of 150');
    story.does('2026-02-11', changeTo('one'));
    expect(story.sees('2026-02-11')).toBe('0 of 100');
    expect(story.told.at(-1)).toBe('2026-02-11 0 used, 100 in, 0 over');
  });

  test('that a reset ends as their window begins are told of', () => {
    const story = new Story(releaseWith()).does('2026-02-10', changeTo('two'));
    story.until('2026-03-01').does('2026-03-01', changeTo('one'));
    expect(story.sees('2026-03-01')).toBe('0 of 100');
    expect(story.told.slice(-2)).toEqual([
      '2026-03-01 0 used, 100 in, 150 over',
      '2026-03-01 150 lost, 0 left',
    ]);
  });

  test('are kept by who loses the feature, until they end', () => {
    const gone = new Story(releaseWith({ for: 'P2M' })).does('2026-02-10', CANCEL);
    expect(gone.lots('2026-03-15')).toEqual(['100 until 2026-04-01']);
    gone.does('2026-03-15', subscribeTo('one', { id: 'sub_2' }));
    expect(gone.sees('2026-03-15')).toBe('0 of 200');
    expect(gone.sees('2026-04-01')).toBe('0 of 200');
  });

  test('that end within a window leave what is spent of them, and are told of', () => {
    const story = new Story(releaseWith({ for: 'P45D' }));
    story.spends('2026-03-02', 30);
    expect(story.sees('2026-03-17')).toBe('30 of 300');
    expect(
      decide(knownState(story.release, story.account), { feature: 'calls', quantity: 0 }, time('2026-03-17')),
    ).toMatchObject({
      validUntil: time('2026-03-18'),
    });
    expect(ceilingOf(story.account, story.release, CALLS, time('2026-03-17'))).toMatchObject({
      ceiling: 300,
      validUntil: time('2026-03-18'),
    });
    expect(nextDue(story.account, story.release)).toBe(time('2026-03-18'));
    expect(story.sees('2026-03-18')).toBe('30 of 230');
    expect(story.told.at(-1)).toBe('2026-03-18 70 lost, 130 left');
    // The next hundred is spent first, though the thirty still count.
    expect(story.spends('2026-03-19', 140)).toBe(140);
    expect(story.lots('2026-04-01')).toEqual(['60 until 2026-05-16']);
    expect(story.told.at(-1)).toBe('2026-04-01 170 used, 130 in, 60 over');
  });

  test('that are spent when they end are not told of', () => {
    const story = new Story(releaseWith({ for: 'P45D' }));
    story.spends('2026-03-02', 100);
    expect(nextDue(story.account, story.release)).toBe(time('2026-04-01'));
    expect(story.sees('2026-03-20')).toBe('100 of 300');
  });

  test('end in their time where a release takes `rollover` away, and none are added', () => {
    const before = releaseWith({ for: 'P2M' });
    const without = releaseWith({ rollover: null });
    const at = time('2026-02-10');
    const after = { ...without, publication: { ...without.publication, version: 2, at } };
    const { account } = new Story(before);
    const passed = passReleases(account, [before, after], () => zoneOf('UTC'));
    const told = applyDue(passed.account, after, time('2026-06-01')).events;
    expect(
      told.flatMap((event) => ('rolledOver' in event ? [[day(event.at), event.rolledOver]] : [])),
    ).toEqual([
      ['2026-03-01', 100],
      ['2026-04-01', 0],
    ]);
  });

  test('begin with the window that runs when a release brings `rollover`', () => {
    const before = releaseWith({ rollover: null });
    const brought = releaseWith();
    const after = {
      ...brought,
      publication: { ...brought.publication, version: 2, at: time('2026-04-10') },
    };
    const used = new Story(before);
    used.spends('2026-01-02', 1);
    for (const account of [new Story(before).account, used.account]) {
      const passed = passReleases(account, [before, after], () => zoneOf('UTC'));
      const { events } = applyDue(passed.account, after, time('2026-05-01'));
      expect(
        events.flatMap((event) => ('rolledOver' in event ? [[day(event.at), event.rolledOver]] : [])),
      ).toEqual([['2026-05-01', 100]]);
    }
  });

  test('that a release brings, or ends at other times, make it concern everyone', () => {
    const [without, rolling] = [releaseWith({ rollover: null }), releaseWith()];
    const others = [rolling, releaseWith({ atMost: 3 }), without];
    expect(others.map((release) => concernOf(rolling, release).everyone)).toEqual([false, false, false]);
    expect(concernOf(without, rolling).everyone).toBe(true);
    expect(concernOf(rolling, releaseWith({ every: 'P7D' })).everyone).toBe(true);
  });

  test('of a start that is dated back: none from before it was written', () => {
    const release = releaseWith();
    const back = subscribeTo('one', { startsAt: time('2025-06-01') });
    const { account } = accepted(execute(newCustomer(), back, release, time('2026-01-15')));
    const [closed] = applyDue(account, release, time('2026-02-01')).events.filter(
      ({ type }) => type === 'usage.window_closed',
    );
    expect(closed).toMatchObject({ rolledIn: 0, rolledOver: 100 });
  });

  test('stay through a move to another zone, whose window begins and ends once, written or not', () => {
    const story = new Story(releaseWith()).moves('2026-01-31T20:00:00Z', 'Asia/Tokyo');
    // There it is February already: the window ends at the move.
    expect(story.sees('2026-01-31T20:00:00Z')).toBe('0 of 200');
    expect(story.moves('2026-02-10', 'America/New_York').sees('2026-02-28T20:00:00Z')).toBe('0 of 200');
    expect(story.sees('2026-03-01T05:00:00Z')).toBe('0 of 300');
  });

  test('are kept by the calendar of the customer’s zone', () => {
    const story = new Story(releaseWith({ for: 'P1M', every: 'P1M' }), 'Europe/Berlin', '2026-01-10');
    story.until('2026-03-01');
    const [lot] = story.account.meters.get(CALLS)?.rolled ?? [];
    expect(lot && formatInstant(lot.until)).toBe('2026-03-31T22:00:00.000Z');
  });

  test('five windows late is as good as in time', () => {
    const late = new Story(releaseWith({ atMost: 250, for: 'P70D' })).until('2026-06-01');
    const punctual = new Story(releaseWith({ atMost: 250, for: 'P70D' }));
    for (let at: number = time(START); at <= time('2026-06-01'); at += 86_400_000)
      punctual.until(formatInstant(instant(at)));
    expect(late.told.length).toBeGreaterThan(5);
    expect([late.told, late.account.meters]).toEqual([punctual.told, punctual.account.meters]);
  });
});

const action = fc.record({
  hours: fc.oneof(fc.nat(48), fc.nat(1200)),
  kind: fc.constantFrom('consume', 'consume', 'consume', 'record', 'change', 'move'),
  units: fc.integer({ min: 1, max: 260 }),
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Kiritimati', 'Pacific/Honolulu'),
});
const HOUR = 3_600_000;

test('no window grants more than its own units and `atMost`, and every unit is spent, lost or left', () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 20 }),
      fc.integer({ min: 0, max: 250 }),
      fc.constantFrom('P1M', 'P45D', 'P3M', 'P10D'),
      fc.constantFrom('calendar', 'subscription'),
      (actions, atMost, lasts, anchor) => {
        const story = new Story(releaseWith({ atMost, for: lasts, anchor }));
        let now: number = time(START);
        let granted = 0;
        for (const { hours, kind, units, zone } of actions) {
          now += hours * HOUR;
          const at = formatInstant(instant(now));
          if (kind === 'move') story.moves(at, zone);
          if (kind === 'change') story.until(at).does(at, changeTo(otherPlan(story)));
          const spent = kind === 'consume' || kind === 'record' ? story.spends(at, units, kind) : 0;
          granted += spent;
          const { rolled, used } = meterAt(story.account, story.feature, instant(now));
          expect(sumOf(rolled)).toBeLessThanOrEqual(atMost);
          expect(rolled.every((lot) => lot.units > 0)).toBe(true);
          if (kind === 'consume' && spent > 0)
            expect(used).toBeLessThanOrEqual(ownUnits(story) + sumOf(rolled));
        }
        expectBalanced(story, granted);
      },
    ),
    { numRuns: 300 },
  );
});

function otherPlan(story: Story): string {
  return ownUnits(story) === 100 ? 'two' : 'one';
}

function ownUnits({ account }: Story): number {
  return account.subscriptions.at(-1)?.planVersion.plan.key === 'one' ? 100 : 50;
}

/** What each window brings in is what the one before has left; what was granted is what windows have counted. */
function expectBalanced(story: Story, granted: number): void {
  let brought = 0;
  let counted = 0;
  for (const event of story.events) {
    if (event.type === 'usage.rollover_expired') {
      expect(event.rolledOver).toBe(brought - event.units);
      brought = event.rolledOver;
    }
    if (event.type !== 'usage.window_closed') continue;
    expect(event.rolledIn).toBe(brought);
    const own = Math.max(0, event.used - brought);
    const spent = event.used - own;
    expect(event.rolledOver).toBeLessThanOrEqual(brought - spent + Math.max(0, 100 - own));
    brought = event.rolledOver ?? 0;
    counted += event.used;
  }
  const meter = story.account.meters.get(CALLS);
  expect(sumOf(meter?.rolled ?? [])).toBe(brought);
  expect(counted + (meter?.used ?? 0)).toBe(granted);
}

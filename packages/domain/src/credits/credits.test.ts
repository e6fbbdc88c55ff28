import fc from 'fast-check';
import { grantOf, releaseFrom, stateFrom } from '../../testing/states.js';
import {
  accepted,
  featureKey,
  newCustomer,
  refused,
  subscribeTo,
  subscriptionId,
  time,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { type CreditBlockId, parseCreditBlockId } from '../ids.js';
import type { AccountChange, CustomerEvent, SubscriptionCommand } from '../subscription/command.js';
import { applyDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { upcoming } from '../subscription/upcoming.js';
import { formatInstant, type Instant } from '../time/instant.js';
import { unusedMeter } from '../usage/meter.js';
import { creditsOf, withCredits } from './change-blocks.js';
import { type CreditBlock, creditLimit, freeUnits } from './credit-block.js';
import { executeCredits } from './execute-credits.js';
import { spendCredits } from './spend-credits.js';

const RELEASE = releaseFrom(`
catalog: 1
name: credits
expiringSoon: [P7D]
features:
  sso: { type: boolean }
  credits: { type: metered, prepaid: true }
  other: { type: metered, prepaid: true }
plans:
  pack:
    model: subscription
    period: P1M
    onPause: { clock: runs }
    entitlements: { sso: true, credits: { blocks: [{ quantity: 100, expiresAfter: P2M, given: everyPeriod }, { quantity: 5, priority: 1, given: once }] } }
  large: { model: subscription, period: P1M, family: pack, entitlements: { credits: { blocks: [{ quantity: 1000, given: everyPeriod }] } } }
  tried: { model: subscription, period: P1M, trial: { for: P14D, then: continue }, entitlements: { credits: { blocks: [{ quantity: 10, given: everyPeriod }] } } }
addOns:
  refill: { with: pack, entitlements: { credits: { blocks: [{ quantity: 50, given: once }] } } }
`);
const KEY = featureKey('credits');
const NOW = time('2026-01-15T12:00:00Z');
const START = '2026-01-31';

let ids = 0;
function blockId(): CreditBlockId {
  const id = parseCreditBlockId(`blk_t${String((ids += 1))}`);
  if (id === null) throw new Error('a block id');
  return id;
}

function block(quantity: number, given: Partial<CreditBlock> = {}): CreditBlock {
  return {
    id: blockId(),
    feature: KEY,
    quantity,
    remaining: quantity,
    held: 0,
    priority: 0,
    expiresAt: null,
    createdAt: NOW,
    source: null,
    status: 'LIVE',
    ...given,
  };
}

const left = (blocks: readonly CreditBlock[]) => blocks.map(({ remaining }) => remaining);

describe('the order in which blocks are spent', () => {
  test.each<[string, Partial<CreditBlock>[], number[]]>([
    ['lowest priority first', [{ priority: 2 }, { priority: 1 }], [10, 4]],
    ['then the soonest to expire', [{}, { expiresAt: time('2027-01-01') }], [10, 4]],
    ['then the oldest', [{ createdAt: NOW }, { createdAt: time('2026-01-01') }], [10, 4]],
    ['priority before expiry', [{ priority: 1, expiresAt: time('2026-02-01') }, {}], [10, 4]],
    ['of what has ended nothing', [{ status: 'EXPIRED', remaining: 0 }, {}], [0, 4]],
    ['of what is held nothing', [{ held: 8 }, { priority: 1 }], [8, 6]],
  ])('%s', (_, given, after) => {
    const blocks = given.map((one) => block(10, one));
    expect(left(spendCredits({ blocks, overdrawn: 0 }, { kind: 'consume', quantity: 6 }).blocks)).toEqual(
      after,
    );
  });

  test('one spend takes from several', () => {
    const blocks = [block(10), block(10, { priority: 1 }), block(10, { priority: 2 })];
    const spent = spendCredits({ blocks, overdrawn: 0 }, { kind: 'consume', quantity: 15 });
    expect(left(spent.blocks)).toEqual([0, 5, 10]);
  });
});

describe('reservations hold their blocks', () => {
  const first = block(5, { expiresAt: time('2026-02-01') });
  const second = block(10);
  const held = spendCredits({ blocks: [first, second], overdrawn: 0 }, { kind: 'reserve', quantity: 7 });

  test('what is held cannot be spent, and comes from the first', () => {
    expect(held.holds).toEqual([
      { block: first.id, units: 5 },
      { block: second.id, units: 2 },
    ]);
    expect(held.blocks.map(freeUnits)).toEqual([0, 8]);
  });

  test('a commit spends what was held first, and frees the rest', () => {
    const done = spendCredits(held, { kind: 'commit', quantity: 6 }, held.holds);
    expect(done.blocks.map(({ remaining, held: holds }) => [remaining, holds])).toEqual([
      [0, 0],
      [9, 0],
    ]);
  });

  test('what expires meanwhile is held on; given back, it is lost', () => {
    const [one, ...rest] = held.blocks;
    if (one === undefined) throw new Error('there are two');
    const expired = {
      blocks: [{ ...one, status: 'EXPIRED' as const, remaining: one.held }, ...rest],
      overdrawn: 0,
    };
    expect(left(spendCredits(expired, { kind: 'commit', quantity: 7 }, held.holds).blocks)).toEqual([0, 8]);
    expect(left(spendCredits(expired, { kind: 'free', quantity: 0 }, held.holds).blocks)).toEqual([0, 10]);
  });
});

test('what is recorded beyond all blocks is taken from the next one', () => {
  const spent = spendCredits({ blocks: [block(3)], overdrawn: 0 }, { kind: 'record', quantity: 5 });
  expect(spent).toMatchObject({ overdrawn: 2, blocks: [{ remaining: 0 }] });
  const account = withCredits(
    { ...newCustomer(), meters: new Map([[KEY, { ...unusedMeter(KEY, null), used: 5 }]]) },
    KEY,
    spent,
  );
  expect(decideOn(account, 1)).toMatchObject({ code: 'LIMIT_EXCEEDED', used: 5, limit: 3, remaining: 0 });
  const { account: after, events } = add(account, 10);
  expect(events).toMatchObject([{ type: 'credits.added', credits: { after: { remaining: 8 } } }]);
  expect(decideOn(after, 8)).toMatchObject({ code: 'ENTITLED', used: 5, limit: 13, remaining: 8 });
});

function decideOn(account: CustomerAccount, quantity: number, at = NOW) {
  return decide(knownState(RELEASE, account), { feature: KEY, quantity }, at);
}

function add(
  account: CustomerAccount,
  quantity: number,
  given: { expiresAt?: Instant; priority?: number } = {},
) {
  const { expiresAt = null, priority = 0 } = given;
  return accepted(
    executeCredits(
      account,
      { kind: 'addCredits', blockId: blockId(), feature: KEY, quantity, priority, expiresAt },
      RELEASE,
      NOW,
    ),
  );
}

describe('a decision', () => {
  const empty = newCustomer();

  test('without blocks and plan, and with blocks alone', () => {
    expect(decideOn(empty, 1)).toMatchObject({ code: 'NO_ACTIVE_PLAN' });
    const { account } = add(empty, 10);
    expect(decideOn(account, 10)).toMatchObject({
      code: 'ENTITLED',
      limit: 10,
      used: 0,
      remaining: 10,
      resetsAt: null,
    });
    expect(decideOn(account, 11)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(decideOn(account, 1).sources).toMatchObject([{ kind: 'CREDIT_BLOCK', key: null }]);
  });

  test('ends with the block, and says so before', () => {
    const end = time('2026-02-01');
    const { account } = add(add(empty, 10, { expiresAt: end }).account, 3);
    expect(decideOn(account, 11)).toMatchObject({ allowed: true, limit: 13, validUntil: end });
    expect(decideOn(account, 11, end)).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 3, validUntil: null });
    expect(applyDue(account, RELEASE, end).events).toMatchObject([
      { type: 'credits.expiring_soon', at: time('2026-01-25'), within: 'P7D', endsAt: end },
      { type: 'credits.expired', at: end, credits: { lost: 10, after: { remaining: 0, status: 'EXPIRED' } } },
    ]);
    expect(upcoming(account, RELEASE, NOW, { until: null, most: 5 }).map(({ type }) => type)).toEqual([
      'credits.expiring_soon',
      'credits.expired',
    ]);
  });

  test('a BLOCK stops them', () => {
    const state = stateFrom(RELEASE, { at: NOW });
    if (state.kind !== 'KNOWN') throw new Error('known');
    const { account } = add(state.account, 10);
    const blocked = { ...account, grants: [grantOf('credits', { kind: 'BLOCK' })] };
    expect(decideOn(blocked, 1)).toMatchObject({ code: 'BLOCKED' });
  });
});

describe('commands', () => {
  const add10 = add(newCustomer(), 10).account;
  const id = add10.blocks[0]?.id ?? blockId();
  const made = {
    kind: 'addCredits',
    blockId: blockId(),
    feature: 'credits',
    quantity: 1,
    priority: 0,
    expiresAt: null,
  } as const;

  test('what is voided ends, once', () => {
    const voided = accepted(executeCredits(add10, { kind: 'voidCredits', blockId: id }, RELEASE, NOW));
    expect(voided.events).toMatchObject([{ type: 'credits.voided', credits: { lost: 10 } }]);
    expect(decideOn(voided.account, 1)).toMatchObject({ code: 'NO_ACTIVE_PLAN' });
    expect(
      accepted(executeCredits(voided.account, { kind: 'voidCredits', blockId: id }, RELEASE, NOW)).events,
    ).toEqual([]);
  });

  test.each([
    ['an unknown feature', { ...made, feature: 'credit' }, 'NOT_FOUND', 'feature', /did you mean `credits`/],
    ['one that is not prepaid', { ...made, feature: 'sso' }, 'BAD_USER_INPUT', 'feature', /not prepaid/],
    ['an end that is past', { ...made, expiresAt: NOW }, 'BAD_USER_INPUT', 'expiresAt', /give a later time/],
    [
      'more than can be counted',
      { ...made, quantity: Number.MAX_SAFE_INTEGER },
      'BAD_USER_INPUT',
      'quantity',
      /give less/,
    ],
  ])('refused: %s', (_, command, code, field, message) => {
    expect(executeCredits(add10, command, RELEASE, NOW)).toMatchObject({
      ok: false,
      refusal: { code, field, message: expect.stringMatching(message) },
    });
  });

  test('refused: to void what is not there, or has expired', () => {
    expect(
      refused(executeCredits(add10, { kind: 'voidCredits', blockId: blockId() }, RELEASE, NOW)),
    ).toMatchObject({ code: 'NOT_FOUND' });
    const expired = { ...add10, blocks: add10.blocks.map((one) => ({ ...one, status: 'EXPIRED' as const })) };
    expect(
      refused(executeCredits(expired, { kind: 'voidCredits', blockId: id }, RELEASE, NOW)),
    ).toMatchObject({ code: 'CONFLICT' });
  });
});

function told(events: readonly CustomerEvent[]): string[] {
  return events.flatMap((event) => {
    if (!('credits' in event)) return [];
    const { after } = event.credits;
    const what = event.type.replace('credits.', '');
    return [`${formatInstant(event.at).slice(0, 10)} ${what} ${String(after.quantity)}`];
  });
}

describe('plans give blocks', () => {
  const ID = { subscriptionId: subscriptionId('sub_1') };
  const run = (...steps: (readonly [string, SubscriptionCommand | null])[]): string[] => {
    let change: AccountChange = { account: newCustomer(), events: [] };
    const events: CustomerEvent[] = [];
    for (const [at, command] of steps) {
      const due = applyDue(change.account, RELEASE, time(at));
      change = command === null ? due : accepted(execute(due.account, command, RELEASE, time(at)));
      events.push(...due.events, ...(command === null ? [] : change.events));
    }
    return told(events);
  };
  const to = (plan: string): SubscriptionCommand => ({
    kind: 'changePlan',
    ...ID,
    plan: releasePlan(plan),
    from: null,
    addOns: null,
    quantities: null,
    timing: 'NOW',
    at: null,
  });

  test('at the start and with each period, or once; what they give expires', () => {
    expect(run([START, subscribeTo('pack')], ['2026-04-01', null])).toEqual([
      '2026-01-31 added 100',
      '2026-01-31 added 5',
      '2026-02-28 added 100',
      '2026-03-31 expired 100',
      '2026-03-31 added 100',
    ]);
  });

  test('an add-on gives as often as it is bought', () => {
    const bought = subscribeTo('pack');
    const command =
      bought.kind === 'subscribe' ? { ...bought, addOns: [{ addOn: refill(), quantity: 3 }] } : bought;
    expect(run([START, command], ['2026-02-01', null])).toEqual([
      '2026-01-31 added 100',
      '2026-01-31 added 5',
      '2026-01-31 added 150',
    ]);
  });

  test('another plan gives its own at once, and the first one gives nothing twice in a period', () => {
    expect(
      run(
        [START, subscribeTo('pack')],
        ['2026-02-05', to('large')],
        ['2026-02-06', to('pack')],
        ['2026-02-28', null],
      ),
    ).toEqual([
      '2026-01-31 added 100',
      '2026-01-31 added 5',
      '2026-02-05 added 1000',
      '2026-02-28 added 100',
    ]);
  });

  test('what the next period gives is seen when it begins, before anybody has written it', () => {
    const { account } = accepted(execute(newCustomer(), subscribeTo('pack'), RELEASE, time(START)));
    const state = knownState(RELEASE, account);
    const renewal = time('2026-02-28');
    const ask = (quantity: number, at: Instant) => decide(state, { feature: KEY, quantity }, at);
    expect(ask(1, time('2026-02-01'))).toMatchObject({ limit: 105, validUntil: renewal });
    expect(ask(106, time('2026-02-01'))).toMatchObject({ allowed: false, validUntil: renewal });
    expect(ask(106, renewal)).toMatchObject({ allowed: true, limit: 205 });
  });

  test('a trial is a period of its own', () => {
    expect(run([START, subscribeTo('tried', { trial: true })], ['2026-02-15', null])).toEqual([
      '2026-01-31 added 10',
      '2026-02-14 added 10',
    ]);
  });

  test('nothing while it is paused; the period that runs at the resume is given then', () => {
    const pause: SubscriptionCommand = { kind: 'pause', ...ID, resumeAt: time('2026-03-10') };
    expect(run([START, subscribeTo('pack')], ['2026-02-10', pause], ['2026-03-20', null])).toEqual([
      '2026-01-31 added 100',
      '2026-01-31 added 5',
      '2026-03-10 added 100',
    ]);
  });

  test('a start in the past gives what would have been given since', () => {
    const command = subscribeTo('pack', { startsAt: time('2025-12-15') });
    expect(run([START, command])).toEqual([
      '2025-12-15 added 100',
      '2025-12-15 added 5',
      '2026-01-15 added 100',
    ]);
  });

  test('one late call equals many early ones', () => {
    const { account } = accepted(execute(newCustomer(), subscribeTo('pack'), RELEASE, time(START)));
    const late = applyDue(account, RELEASE, time('2026-06-01'));
    const days = ['2026-02-14', '2026-02-28', '2026-03-01', '2026-04-15', '2026-06-01'];
    let early: AccountChange = { account, events: [] };
    for (const day of days) {
      const next = applyDue(early.account, RELEASE, time(day));
      early = { account: next.account, events: [...early.events, ...next.events] };
    }
    expect(early.events).toEqual(late.events);
    expect(early.account.blocks).toEqual(late.account.blocks);
  });
});

function releasePlan(text: string) {
  const plan = [...RELEASE.planVersions.keys()].find((key) => key === text);
  if (plan === undefined) throw new Error(`plan ${text}`);
  return plan;
}
function refill() {
  const [key] = RELEASE.catalog.addOns.keys();
  if (key === undefined) throw new Error('an add-on');
  return key;
}

const operation = fc.record({
  kind: fc.constantFrom(
    'consume' as const,
    'record' as const,
    'reserve' as const,
    'commit' as const,
    'free' as const,
    'add' as const,
  ),
  units: fc.integer({ min: 1, max: 40 }),
});

test('whatever is spent, held, settled and added: no unit is given twice, and none is lost', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
      let account: CustomerAccount = { ...newCustomer(), meters: new Map([[KEY, unusedMeter(KEY, null)]]) };
      let [used, given] = [0, 0];
      const open: { units: number; holds: ReturnType<typeof spendCredits>['holds'] }[] = [];
      for (const { kind, units } of operations) {
        const credits = creditsOf(account, KEY);
        const free = credits.blocks.reduce((sum, one) => sum + freeUnits(one), 0);
        if (kind === 'add') {
          account = add(account, units).account;
          given += units;
        } else if (kind === 'commit' || kind === 'free') {
          const oldest = open.shift();
          if (oldest === undefined) continue;
          const quantity = kind === 'free' ? 0 : Math.min(units, oldest.units);
          account = withCredits(account, KEY, spendCredits(credits, { kind, quantity }, oldest.holds));
          used += quantity;
        } else if (kind === 'record' || units <= free) {
          const spent = spendCredits(credits, { kind, quantity: units });
          account = withCredits(account, KEY, spent);
          if (kind === 'reserve') open.push({ units, holds: spent.holds });
          else used += units;
        }
        const meter = account.meters.get(KEY) ?? unusedMeter(KEY, null);
        account = { ...account, meters: new Map(account.meters).set(KEY, { ...meter, used }) };
        expect(creditLimit(account, KEY)).toBe(given);
        for (const one of account.blocks) {
          expect(one.held).toBeGreaterThanOrEqual(0);
          expect(one.remaining).toBeGreaterThanOrEqual(one.held);
        }
        const held = account.blocks.reduce((sum, one) => sum + one.held, 0);
        expect(held).toBe(open.reduce((sum, one) => sum + one.units, 0));
      }
    }),
    { numRuns: 500 },
  );
});

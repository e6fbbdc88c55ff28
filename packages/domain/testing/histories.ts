import fc from 'fast-check';
import type { CustomerAccount, CustomerEvent, Instant, Release, SubscriptionCommand } from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { instant } from '../src/time/instant.js';
import { meterAt } from '../src/usage/window.js';
import { meridian } from './meridian.js';
import {
  addOnKey,
  changeTo,
  featureKey,
  newCustomer,
  subscribeTo,
  subscriptionId,
  time,
} from './subscriptions.js';

const HOUR = 3_600_000;
const MERIDIAN = meridian();

const ids = fc.constantFrom('sub_1', 'sub_2', 'sub_3', 'sub_4').map(subscriptionId);
const plans = fc.constantFrom('free', 'pro', 'team', 'enterprise', 'club');
const hours = fc.integer({ min: -2400, max: 2400 });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });

/** Some hours later a command, then a spend of `use` units. */
export type Step = {
  readonly after: number;
  readonly command: (now: Instant) => SubscriptionCommand;
  readonly use: number;
};
const from = (now: Instant, delta: number | null) => (delta === null ? null : instant(now + delta * HOUR));
const commands: fc.Arbitrary<Step['command']> = fc.oneof(
  fc
    .record({ id: ids, plan: plans, trial: fc.boolean(), delta: maybe(hours) })
    .map(({ id, plan, trial, delta }) => {
      return (now: Instant) => subscribeTo(plan, { id, trial, startsAt: from(now, delta) });
    }),
  fc.record({ id: ids, plan: plans, delta: maybe(hours) }).map(({ id, plan, delta }) => {
    const timing = delta === null ? null : 'AT';
    return (now: Instant) => changeTo(plan, { subscriptionId: id, timing, at: from(now, delta) });
  }),
  fc
    .record({ id: ids, timing: fc.constantFrom('NOW', 'PERIOD_END', 'AT'), delta: hours })
    .map(({ id, timing, delta }) => {
      return (now: Instant): SubscriptionCommand => {
        return { kind: 'cancel', subscriptionId: id, timing, at: timing === 'AT' ? from(now, delta) : null };
      };
    }),
  fc
    .record({ id: ids, outcome: fc.constantFrom('SUCCEEDED', 'FAILED'), delta: maybe(hours) })
    .map((report) => {
      return (now: Instant): SubscriptionCommand => {
        const { id, outcome, delta } = report;
        return { kind: 'reportPayment', subscriptionId: id, outcome, at: from(now, delta) };
      };
    }),
  fc.record({ id: ids, number: fc.nat(2), delta: maybe(hours) }).map(({ id, number, delta }) => {
    return (now: Instant): SubscriptionCommand => {
      const addOns = number === 0 ? [] : [{ addOn: addOnKey('more-calls'), quantity: number }];
      const [timing, at] = delta === null ? (['NOW', null] as const) : (['AT', from(now, delta)] as const);
      return { kind: 'adjust', subscriptionId: id, addOns, quantities: null, timing, at };
    };
  }),
  fc.record({ id: ids, kind: fc.constantFrom('uncancel', 'withdrawScheduledChange') }).map(({ id, kind }) => {
    return (): SubscriptionCommand => ({ kind, subscriptionId: id });
  }),
  fc.record({ id: ids, delta: fc.option(maybe(hours), { nil: undefined }) }).map(({ id, delta }) => {
    return (now: Instant): SubscriptionCommand => {
      const pause = { kind: 'pause', subscriptionId: id } as const;
      return delta === undefined ? pause : { ...pause, resumeAt: from(now, delta) };
    };
  }),
  ids.map((id) => (): SubscriptionCommand => ({ kind: 'resume', subscriptionId: id })),
  fc.record({ id: ids, delta: hours }).map(({ id, delta }) => {
    return (now: Instant): SubscriptionCommand => {
      return { kind: 'extendTrial', subscriptionId: id, until: instant(now + delta * HOUR) };
    };
  }),
);
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 1000 }),
    command: commands,
    use: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);
export const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia');

/** What has become of an account, and the events that say so. */
export interface Told {
  readonly account: CustomerAccount;
  readonly events: readonly CustomerEvent[];
}
export interface Played {
  readonly account: CustomerAccount;
  readonly now: Instant;
  /** One entry for each call, with the account that it was given. */
  readonly calls: readonly {
    readonly before: CustomerAccount;
    readonly change: Told;
    readonly now: Instant;
  }[];
}

/** A customer's history under the catalog `meridian`: time is let pass before each command, as callers must. */
export function play(zone: string, sequence: readonly Step[], release = MERIDIAN): Played {
  let account = newCustomer(zone);
  let now = time('2026-01-31T12:30:00Z');
  const calls: Played['calls'][number][] = [];
  for (const { after, command, use } of sequence) {
    now = instant(now + after * HOUR);
    const due = applyDue(account, release, now);
    calls.push({ before: account, change: due, now });
    const outcome = execute(due.account, command(now), release, now);
    if (outcome.ok) calls.push({ before: due.account, change: outcome, now });
    account = spent(outcome.ok ? outcome.account : due.account, release, { use, now });
  }
  return { account, now, calls };
}

/** What a spend would write. */
function spent(
  account: CustomerAccount,
  release: Release,
  { use: units, now }: { readonly use: number; readonly now: Instant },
): CustomerAccount {
  const feature = release.catalog.features.get(featureKey(units > 1 ? 'minutes' : 'calls'));
  if (units === 0 || feature?.type !== 'METERED') return account;
  const meter = meterAt(account, feature, now);
  return {
    ...account,
    meters: new Map(account.meters).set(feature.key, { ...meter, used: meter.used + units }),
  };
}

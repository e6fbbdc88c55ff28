import {
  type AccountChange,
  type CommandOutcome,
  type CustomerAccount,
  type Instant,
  migrate,
  type Release,
  type SubscriptionCommand,
} from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { formatInstant } from '../src/time/instant.js';
import { accepted, newCustomer, planKey, subscriptionId, time } from './subscriptions.js';

/** The customer's turn in a migration from the only version of one plan to that of another. */
export interface MigrationTurn {
  readonly kind: 'migrate';
  readonly from: string;
  readonly to: string;
  readonly timing: 'NOW' | 'PERIOD_END';
}

/** A command at a time. */
export type Step<Command = SubscriptionCommand> = readonly [at: string, command: Command];

/** What became of a new customer: each command at its time, what is due applied before it. */
export function history(
  release: Release,
  steps: readonly Step<SubscriptionCommand | MigrationTurn>[],
  zone = 'UTC',
): AccountChange {
  return steps.reduce<AccountChange>(
    (so, [at, command]) => {
      const due = applyDue(so.account, release, time(at));
      const done = accepted(performed(due.account, command, release, time(at)));
      return { account: done.account, events: [...so.events, ...due.events, ...done.events] };
    },
    { account: newCustomer(zone), events: [] },
  );
}

function performed(
  account: CustomerAccount,
  command: SubscriptionCommand | MigrationTurn,
  release: Release,
  now: Instant,
): CommandOutcome {
  if (command.kind !== 'migrate') return execute(account, command, release, now);
  const to = release.planVersions.get(planKey(command.to));
  if (to === undefined) throw new TypeError(`the test migrates to a plan that is not sold: ${command.to}`);
  const from = { plan: planKey(command.from), version: 1 };
  const migration = { from, to, timing: command.timing, at: null };
  return migrate(account, subscriptionId('sub_1'), migration, release, now);
}

/** The events as `2026-02-14 trial_ended`. */
export function told({ events }: AccountChange): string[] {
  return events.map((event) => `${formatInstant(event.at).slice(0, 10)} ${event.type.split('.')[1] ?? ''}`);
}

/** The subscriptions as `ACTIVE pro`. */
export function standing({ subscriptions }: CustomerAccount): string[] {
  return subscriptions.map(({ status, planVersion }) => `${status} ${planVersion.plan.key}`);
}

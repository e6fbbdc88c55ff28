import type { AccountChange, CustomerAccount, Release, SubscriptionCommand } from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { formatInstant } from '../src/time/instant.js';
import { accepted, newCustomer, time } from './subscriptions.js';

/** A command at a time. */
export type Step = readonly [at: string, command: SubscriptionCommand];

/** What became of a new customer: each command at its time, what is due applied before it. */
export function history(release: Release, steps: readonly Step[], zone = 'UTC'): AccountChange {
  return steps.reduce<AccountChange>(
    (so, [at, command]) => {
      const due = applyDue(so.account, release, time(at));
      const done = accepted(execute(due.account, command, release, time(at)));
      return { account: done.account, events: [...so.events, ...due.events, ...done.events] };
    },
    { account: newCustomer(zone), events: [] },
  );
}

/** The events as `2026-02-14 trial_ended`. */
export function told({ events }: AccountChange): string[] {
  return events.map((event) => `${formatInstant(event.at).slice(0, 10)} ${event.type.split('.')[1] ?? ''}`);
}

/** The subscriptions as `ACTIVE pro`. */
export function standing({ subscriptions }: CustomerAccount): string[] {
  return subscriptions.map(({ status, planVersion }) => `${status} ${planVersion.plan.key}`);
}

import type { Feature } from '../../catalog/catalog.js';
import { NO_CONTEXT } from '../../condition/facts.js';
import type { CustomerAccount, Release } from '../../customer.js';
import { askerOf } from '../../decision/asker.js';
import { decideAt } from '../../decision/decide-at.js';
import type { CheckRequest } from '../../decision/decision.js';
import { accountAt } from '../../subscription/due.js';
import type { SubscriptionCommand } from '../../subscription/command.js';
import { execute } from '../../subscription/execute.js';
import type { Instant } from '../../time/instant.js';
import type { Remedy } from '../explanation.js';

/** What was denied: a customer as of `now`, and what was asked. */
export interface Denied {
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly feature: Feature;
  readonly request: CheckRequest;
  readonly now: Instant;
}

/** A remedy that has not been tried yet, and the account as it would leave it. */
export interface Candidate {
  readonly remedy: Remedy;
  readonly account: CustomerAccount;
}

/** Whether what was denied is allowed to this account, at once or at `at`. */
export function allows(
  denied: Denied,
  account: CustomerAccount,
  availableAt: Instant | null = null,
): boolean {
  return decided(denied, account, availableAt ?? denied.now).allowed;
}

/** What is answered to what was denied by this account at `at`. */
export function decided({ release, feature, request }: Denied, account: CustomerAccount, at: Instant) {
  const asking = { context: request.context ?? NO_CONTEXT, asker: askerOf(request) };
  const subject = { account: accountAt(account, release, at), release, feature, ...asking };
  return decideAt(subject, request, at);
}

/** The account after a command; null: it is refused. */
export function accountAfter(
  { account, release, now }: Denied,
  command: SubscriptionCommand,
): CustomerAccount | null {
  const outcome = execute(account, command, release, now);
  return outcome.ok ? outcome.account : null;
}

/** A candidate of one command, if the customer's subscription takes it. */
export function candidateOf(denied: Denied, command: SubscriptionCommand, remedy: Remedy): Candidate[] {
  const account = accountAfter(denied, command);
  return account === null ? [] : [{ remedy, account }];
}

/** A remedy of which nothing but this is to be told. */
export function remedyOf(
  kind: Remedy['kind'],
  message: string,
  told: Partial<Omit<Remedy, 'kind' | 'message'>> = {},
): Remedy {
  const none = { plan: null, addOn: null, subscriptionId: null, quantity: null, availableAt: null };
  return { kind, ...none, ...told, message };
}

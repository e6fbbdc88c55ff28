import { type Candidate, candidateOf, type Denied, remedyOf } from './attempt.js';

/** The payment that failed comes in. What has expired for want of it is over: see `changesOfPlan`. */
export function* payments(denied: Denied): Iterable<Candidate> {
  for (const { id, status, planVersion } of denied.account.subscriptions) {
    if (status !== 'PAST_DUE') continue;
    const remedy = remedyOf('PAY', `pay for \`${planVersion.plan.key}\``, { subscriptionId: id });
    const command = { kind: 'reportPayment', subscriptionId: id, outcome: 'SUCCEEDED', at: null } as const;
    yield* candidateOf(denied, command, remedy);
  }
}

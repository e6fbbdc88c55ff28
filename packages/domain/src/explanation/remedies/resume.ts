import { type Candidate, candidateOf, type Denied, remedyOf } from './attempt.js';

/** A paused subscription is resumed. */
export function* resumes(denied: Denied): Iterable<Candidate> {
  for (const { id, status, planVersion } of denied.account.subscriptions) {
    if (status !== 'PAUSED') continue;
    const remedy = remedyOf('RESUME', `resume \`${planVersion.plan.key}\``, { subscriptionId: id });
    yield* candidateOf(denied, { kind: 'resume', subscriptionId: id }, remedy);
  }
}

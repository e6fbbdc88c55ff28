import { type CustomerState, inGrace, stateBySnapshot } from '@licet/domain/offline';
import { explain as explainState, type Explanation } from '@licet/domain/explanation';
import type { CheckOptions, Client } from './client.js';
import { LicetError } from './errors.js';

export type { Explanation } from '@licet/domain/explanation';

/** Why `check` answers as it does, and what would allow what it denies. Throws LicetError UNAVAILABLE where no rules are at hand. */
export function explain<Features extends string>(
  client: Client<Features>,
  feature: Features,
  options?: CheckOptions,
): Explanation {
  const { snapshot, phase, now } = client.basis();
  if (snapshot === null)
    throw new LicetError('UNAVAILABLE', 'there is no snapshot to explain by; wait until the gateway answers');
  const state: CustomerState = stateBySnapshot(snapshot, feature, now, phase);
  const explanation = explainState(state, client.requestOf(feature, options), now);
  return phase === 'GRACE' ? { ...explanation, decision: inGrace(explanation.decision) } : explanation;
}

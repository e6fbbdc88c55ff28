import { knownState } from '../../customer.js';
import { decide } from '../../decision/decide.js';
import { applyDue } from '../../subscription/due.js';
import { describeUpcoming } from '../../subscription/upcoming.js';
import { formatInstant, type Instant } from '../../time/instant.js';
import { isPlannable } from '../../subscription/timing.js';
import { type Candidate, type Denied, remedyOf } from './attempt.js';

/** Turns of the answer that are looked at. */
const MOST_TURNS = 16;

/** The first instant at which time alone allows it: a window's end, a start, a resume, a scheduled change, … */
export function* waits(denied: Denied): Iterable<Candidate> {
  const { account, release, request, now } = denied;
  const state = knownState(release, account);
  let at = decide(state, request, now).validUntil;
  for (let turns = 0; turns < MOST_TURNS && at !== null && isPlannable(at, now); turns += 1) {
    const decision = decide(state, request, at);
    if (decision.allowed) {
      const message = `wait until ${formatInstant(at)}${whatComes(denied, at)}`;
      yield { remedy: remedyOf('WAIT', message, { availableAt: at }), account };
      return;
    }
    at = decision.validUntil;
  }
}

/** For people: what happens at `at`, where that is an event. */
function whatComes({ account, release }: Denied, at: Instant): string {
  const last = applyDue(account, release, at).events.findLast((event) => event.at === at);
  return last === undefined ? '' : `: ${describeUpcoming(last)}`;
}

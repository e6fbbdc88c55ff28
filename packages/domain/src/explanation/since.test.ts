import fc from 'fast-check';
import { play, type Step, steps, zones } from '../../testing/histories.js';
import { meridian } from '../../testing/meridian.js';
import { grantOf, releaseFrom, stateFrom } from '../../testing/states.js';
import { featureKey, time } from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState, type Release } from '../customer.js';
import { decide } from '../decision/decide.js';
import type { CustomerEvent } from '../subscription/command.js';
import { nextDue } from '../subscription/due.js';
import { applyDue } from '../subscription/due.js';
import type { Subscription } from '../subscription/subscription.js';
import { instant, type Instant } from '../time/instant.js';
import { type PastEvent, turnedBy } from './since.js';

const release = meridian();
const EVER = instant(0);

/** Something that happened at one instant, and what is told of it. */
interface Moment {
  readonly before: CustomerAccount;
  readonly after: CustomerAccount;
  readonly now: Instant;
  readonly told: readonly PastEvent[];
}

/** A history, told as a log would tell it: each due instant for itself, and each spend. */
function momentsOf(zone: string, sequence: readonly Step[]): { moments: Moment[]; now: Instant } {
  const { account, calls, now } = play(zone, sequence);
  const moments: Moment[] = [];
  let last = calls[0]?.before ?? account;
  const spendTo = (next: CustomerAccount, at: Instant): void => {
    if (next !== last) moments.push({ before: last, after: next, now: at, told: [spent(last, next, at)] });
    last = next;
  };
  let before: Instant = calls[0]?.now ?? now;
  for (const { before: given, change, now: at } of calls) {
    spendTo(given, before);
    // What time has done meanwhile is taken apart; a command is not.
    for (let due = nextDue(last, release); due !== null && due <= at; due = nextDue(last, release)) {
      const step = applyDue(last, release, due);
      moments.push({ before: last, after: step.account, now: due, told: step.events.map(toldOf) });
      last = step.account;
    }
    const isCommand = change.events.length > 0 && change.account !== last && given !== last ? false : true;
    if (isCommand && change.events.length > 0 && JSON.stringify(change.account) !== JSON.stringify(last))
      moments.push({ before: last, after: change.account, now: at, told: change.events.map(toldOf) });
    last = change.account;
    before = at;
  }
  spendTo(account, now);
  return { moments, now };
}

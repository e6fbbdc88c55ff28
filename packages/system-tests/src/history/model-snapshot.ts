import { type Account, hasEnded } from '../model/account.js';
import { numbersOf } from '../model/bought.js';
import { entitlementOf } from '../model/entitlements.js';
import { statusOf } from '../model/license-status.js';
import { graceEndOf } from '../model/licenses.js';
import { PLANS } from '../model/plans.js';
import { addOnsOf, featureKeys } from '../model/windows.js';
import type { Question } from './questions.js';
import { answerText, COUNTS, DATES, LICENSE_DATES, machineText, type Snapshot } from './snapshot.js';
import { day, list, text } from './texts.js';

export function modelSnapshot(account: Account, all: boolean, questions: readonly Question[]): Snapshot {
  const found = new Map<string, string>([['time zone', account.zone]]);
  for (const one of account.subscriptions) {
    const path = `subscription ${one.id}`;
    found.set(`${path} status`, `${one.status} on ${one.plan}`);
    found.set(`${path} endedAt`, day(one.endedAt));
    if (hasEnded(one)) continue;
    found.set(`${path} scheduledChange`, one.change ? `${one.change.plan} at ${day(one.change.at)}` : 'none');
    const dates: Record<(typeof DATES)[number], number | null> = {
      startedAt: one.startedAt,
      currentPeriodStart: one.periodStart,
      currentPeriodEnd: one.periodEnd,
      trialEndsAt: one.trialEndsAt,
      graceEndsAt: one.graceEndsAt,
      cancelAt: one.cancel?.at ?? null,
      pausedAt: one.pause?.since ?? null,
      resumesAt: one.pause?.resumesAt ?? null,
    };
    for (const field of DATES) found.set(`${path} ${field}`, day(dates[field]));
    found.set(`${path} addOns`, list(addOnsOf(one)));
    found.set(`${path} quantities`, list(numbersOf(one)));
  }
  for (const one of account.licenses) {
    const path = `license ${one.id}`;
    found.set(`${path} status`, `${statusOf(one)} on ${one.plan}`);
    const dates: Record<(typeof LICENSE_DATES)[number], number | null> = {
      startsAt: one.startsAt,
      expiresAt: one.expiresAt,
      graceEndsAt: one.phase === 'GRACE' ? graceEndOf(account, one) : null,
      maintenanceUntil: one.maintenanceUntil,
    };
    for (const field of LICENSE_DATES) found.set(`${path} ${field}`, day(dates[field]));
    const { machines: spec } = PLANS[one.plan];
    found.set(`${path} machineLimit`, text(spec ? (one.machineLimit ?? spec.limit) : null));
    for (const { id, derived, fingerprint, components, name, activatedAt, inUseUntil } of one.machines)
      found.set(
        `machine ${id}`,
        machineText({
          fingerprint: derived ? 'derived' : fingerprint,
          components: components.length,
          name: text(name),
          activatedAt: day(activatedAt),
          inUseUntil: day(inUseUntil),
        }),
      );
    found.set(`${path} quantities`, list(numbersOf(one)));
  }
  for (const { id, feature, member, assignedAt, leaseExpiresAt, freeAt } of account.seats)
    if (freeAt === null)
      found.set(
        `seat ${id}`,
        `${feature} of ${member} since ${day(assignedAt)} until ${day(leaseExpiresAt)}`,
      );
  for (const question of questions) {
    const { feature, productVersion: version, memberId: member, fingerprint } = question;
    const answer = entitlementOf(account, feature, 1, {
      ...(version === undefined ? {} : { version }),
      ...(member === undefined ? {} : { member }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    });
    found.set(`check ${JSON.stringify(question)}`, answerText({ ...answer }));
  }
  for (const grant of account.grants) found.set(`grant ${grant.id}`, grant.status);
  for (const feature of featureKeys()) {
    const answer = entitlementOf(account, feature);
    const { allowed, code, limit, value, resetsAt } = answer;
    const path = `entitlement ${feature}`;
    found.set(path, `${allowed ? 'allowed' : 'denied'} ${code}`);
    if (!allowed && code !== 'LIMIT_EXCEEDED' && code !== 'NO_SEAT') continue;
    found.set(`${path} limit`, text(limit));
    for (const field of COUNTS) found.set(`${path} ${field}`, text(answer[field]));
    found.set(`${path} value`, text(value));
    found.set(`${path} resetsAt`, day(resetsAt));
  }
  if (all)
    for (const [feature, { closed }] of account.meters)
      for (const { start, end, used } of closed.slice(-SHOWN))
        found.set(`window ${feature} ${day(start)} to ${day(end)}`, text(used));
  const left = account.blocks.filter(({ status, remaining }) => status === 'LIVE' && remaining > 0);
  if (all)
    for (const { id, feature, quantity, remaining, priority, expiresAt } of left)
      found.set(
        `block ${id}`,
        `${text(remaining)} of ${text(quantity)} ${feature}, priority ${text(priority)}, until ${day(expiresAt)}`,
      );
  return found;
}

/** Late usage may have added windows of which nothing was kept; the model knows none of these. */
const SHOWN = 50;

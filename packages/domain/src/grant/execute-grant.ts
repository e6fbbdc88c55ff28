import { didYouMean } from '../catalog/nearest.js';
import type { CustomerAccount, Release } from '../customer.js';
import { isPrepaid } from '../credits/credit-block.js';
import { findFeature } from '../decision/find-feature.js';
import type { GrantId } from '../ids.js';
import type { AccountChange, CommandOutcome } from '../subscription/command.js';
import { settled } from '../subscription/execute.js';
import { badInput, conflict, notFound, type Refused, unchanged } from '../subscription/refusal.js';
import { refusedFuture, refusedPast } from '../subscription/timing.js';
import { formatInstant, type Instant } from '../time/instant.js';
import { type Grant, type GrantEffect, isOpen } from './grant.js';
import { readGiven } from './read-value.js';
import { recordGrant } from './record-grant.js';

/** What a caller may ask of a customer's grants. Ids are made by the caller: the rules hold no chance. */
export type GrantCommand =
  | {
      readonly kind: 'grantEntitlement';
      readonly grantId: GrantId;
      readonly feature: string;
      readonly effect: GrantEffect;
      /** As it was asked: see `readGiven`. */
      readonly value: unknown;
      readonly reason: string;
      /** Null: now. */
      readonly startsAt: Instant | null;
      readonly expiresAt: Instant | null;
    }
  | { readonly kind: 'revokeGrant'; readonly grantId: GrantId };

/** More exceptions than that are no exceptions, and each is looked at by every decision. */
const MOST_OPEN = 1000;

/** What a command makes of a customer's grants at `now`; everything due until then must have been applied. */
export function executeGrant(
  account: CustomerAccount,
  command: GrantCommand,
  release: Release,
  now: Instant,
): CommandOutcome {
  const outcome =
    command.kind === 'revokeGrant'
      ? revoke(account, command.grantId, now)
      : make(account, command, release, now);
  return settled(outcome, release, now, now);
}

type MakeGrant = Extract<GrantCommand, { kind: 'grantEntitlement' }>;

function make(account: CustomerAccount, command: MakeGrant, release: Release, now: Instant): CommandOutcome {
  const feature = findFeature(release, command.feature);
  if (feature === null) {
    const known = didYouMean(command.feature, release.catalog.features.keys());
    return notFound('feature', `there is no feature \`${command.feature}\`${known}`);
  }
  if (isPrepaid(feature) && command.effect !== 'BLOCK')
    return badInput('feature', `feature \`${feature.key}\` is prepaid; give its units by \`addCredits\``);
  const effect = readGiven(feature, command.effect, command.value);
  if ('ok' in effect) return effect;
  const startsAt = command.startsAt ?? now;
  const untimely = refusedTimes(account, startsAt, command.expiresAt, now);
  if (untimely !== null) return untimely;
  if (account.grants.filter(isOpen).length >= MOST_OPEN)
    return conflict(
      'customerId',
      `the customer has ${String(MOST_OPEN)} grants; revoke those that are not needed`,
    );
  const grant: Grant = {
    id: command.grantId,
    feature: feature.key,
    effect,
    status: startsAt <= now ? 'ACTIVE' : 'SCHEDULED',
    reason: command.reason,
    startsAt,
    expiresAt: command.expiresAt,
  };
  return { ok: true, ...recordGrant(account, 'grant.created', now, null, grant) };
}

function refusedTimes(
  account: CustomerAccount,
  startsAt: Instant,
  expiresAt: Instant | null,
  now: Instant,
): Refused | null {
  const untimely =
    refusedPast('startsAt', startsAt, now, account.timeZone) ?? refusedFuture('startsAt', startsAt, now);
  if (untimely !== null || expiresAt === null) return untimely;
  if (expiresAt <= startsAt || expiresAt <= now) {
    const start = startsAt > now ? 'its start' : 'now';
    return badInput(
      'expiresAt',
      `\`${formatInstant(expiresAt)}\` does not lie after ${start}; give a later time`,
    );
  }
  return refusedFuture('expiresAt', expiresAt, now);
}

function revoke(account: CustomerAccount, id: GrantId, now: Instant): CommandOutcome {
  const grant = account.grants.find((one) => one.id === id);
  if (grant === undefined) return notFound('grantId', `there is no grant \`${id}\``);
  switch (grant.status) {
    case 'REVOKED':
      return unchanged(account);
    case 'EXPIRED':
      return conflict('grantId', `grant \`${id}\` has expired; there is nothing to revoke`);
    case 'SCHEDULED':
    case 'ACTIVE':
      return { ok: true, ...revoked(account, grant, now) };
  }
}

function revoked(account: CustomerAccount, grant: Grant, now: Instant): AccountChange {
  return recordGrant(account, 'grant.revoked', now, grant, { ...grant, status: 'REVOKED' });
}

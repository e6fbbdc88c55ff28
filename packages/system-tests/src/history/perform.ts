import type { Account } from '../model/account.js';
import { FEATURES } from '../model/features.js';
import * as commands from '../model/commands.js';
import * as credits from '../model/credits.js';
import * as grants from '../model/grants.js';
import { passTime } from '../model/time.js';
import { moveZone } from '../model/time-zone.js';
import * as usage from '../model/usage.js';
import type { Action } from './actions/action.js';
import type { Spend } from './actions/usage-actions.js';
import { record } from './gateway.js';
import { bought, lists, time } from './inputs.js';
import { performIssue, performOnLicense } from './perform-on-license.js';
import { performIssueFile, performSettleFile } from './perform-on-file.js';
import { performLease, performReturn } from './perform-on-lease.js';
import { performCommit, performRelease, performReserve } from './perform-on-reservation.js';
import { performValidate } from './perform-validate.js';
import { performOnMachine } from './perform-on-machine.js';
import { performOnSeat } from './perform-on-seat.js';
import { performOnSubscription } from './perform-on-subscription.js';
import { decisionText, type Performed } from './performed.js';
import {
  DAY,
  grantAt,
  instantOf,
  boundLicenseAt,
  licenseAt,
  MINUTE,
  blockAt,
  fileAt,
  leaseAt,
  reservationAt,
  shownLicenseAt,
  subscriptionAt,
} from './resolve.js';
import { day } from './texts.js';
import type { World } from './world.js';

/** Does a step to the product, and says what it is for the model. */
export async function perform(account: Account, world: World, action: Action): Promise<Performed> {
  const key = { idempotencyKey: world.nextKey() };
  switch (action.kind) {
    case 'pass': {
      world.forgetLast();
      const now = instantOf(account, action.to);
      await world.installation.moveTo(now);
      return { line: 'time passes', product: null, model: () => passTime(account, now) };
    }
    case 'worker':
      await world.installation.runWorker(action.runs);
      return { line: `worker ${action.runs ? 'starts' : 'stops'}`, product: null, model: () => undefined };
    case 'moveZone': {
      const { zone } = action;
      const input = { id: world.customerId, timeZone: zone };
      return {
        line: `zone ${zone}`,
        product: await world.mutate('upsertCustomer', 'UpsertCustomerInput', input, ''),
        model: () => moveZone(account, world.customerId, zone),
      };
    }
    case 'subscribe': {
      const startsAt = action.startsIn === null ? null : account.now + action.startsIn * DAY;
      const { plan, trial, addOns, quantities } = action;
      const input = {
        customerId: world.customerId,
        plan,
        trial,
        ...lists(action),
        startsAt: time(startsAt),
        ...key,
      };
      return {
        line: `subscribe to ${plan}${trial ? ' (trial)' : ''}${startsAt === null ? '' : ` from ${day(startsAt)}`}${bought(action)}`,
        product: await world.mutate('subscribe', 'SubscribeInput', input, 'subscription { id }'),
        model: (id) => commands.subscribe(account, { id, plan, trial, startsAt, addOns, quantities }),
      };
    }
    case 'consume': {
      const { feature, quantity } = action;
      const input = { customerId: world.customerId, feature, quantity, ...key };
      const product = await world.mutate('consume', 'ConsumeInput', input, 'decision { allowed code }');
      let expected = '';
      return {
        line: `consume ${String(quantity)} ${feature}`,
        product,
        model: () => {
          const { allowed, code } = usage.consume(account, feature, quantity);
          expected = `${String(allowed)} ${code}`;
        },
        expected: () => expected,
        got: product.data === null ? '' : decisionText(record(product.data)['decision']),
      };
    }
    case 'consumeMany':
      return performMany(account, world, action.spends);
    case 'releaseUsage': {
      const { feature, quantity } = action;
      const input = { customerId: world.customerId, feature, quantity, ...key };
      return {
        line: `release ${String(quantity)} ${feature}`,
        product: await world.mutate('releaseUsage', 'ReleaseUsageInput', input, 'decision { allowed code }'),
        model: () => usage.releaseUsage(account, feature, quantity),
      };
    }
    case 'recordUsage':
      return performRecord(account, world, action);
    case 'addCredits':
      return performAddCredits(account, world, action, key);
    case 'voidCredits': {
      const block = blockAt(account, action.which);
      if (!block) throw new Error('a history without a credit block');
      const values = { blockId: block.id, reason: 'test' };
      return {
        line: `void ${block.id}, ${String(block.remaining)} of ${String(block.quantity)}`,
        product: await world.call('voidCredits', 'blockId: ID!, reason: String!', values),
        model: () => credits.voidCredits(account, block),
      };
    }
    case 'assignSeat':
    case 'leaseSeat':
    case 'releaseSeat':
      return performOnSeat(account, world, action);
    case 'activateMachine':
    case 'deactivateMachine':
    case 'heartbeatMachine': {
      const license = boundLicenseAt(account, action.which);
      if (!license) throw new Error('a history without a licence');
      const done = await performOnMachine(account, world, action, license);
      return { ...done, line: `${done.line} [${license.plan} ${license.id}]` };
    }
    case 'validateLicense': {
      const license = shownLicenseAt(account, action);
      if (!license) throw new Error('a history without a licence');
      const done = await performValidate(account, world, action, license);
      return { ...done, line: `${done.line} [${license.plan} ${license.id}]` };
    }
    case 'issueFile': {
      const license = boundLicenseAt(account, action.which);
      if (!license) throw new Error('a history without a licence');
      const done = await performIssueFile(account, world, action, license, key);
      return { ...done, line: `${done.line} [${license.plan} ${license.id}]` };
    }
    case 'settleFile': {
      const file = fileAt(account, action.which);
      if (!file) throw new Error('a history without a file');
      return performSettleFile(account, world, action.quarters, file);
    }
    case 'issueLicense':
      return performIssue(account, world, action, key);
    case 'renewLicense':
    case 'suspendLicense':
    case 'reinstateLicense':
    case 'revokeLicense':
    case 'rotateKey': {
      const license = licenseAt(account, action.which);
      if (!license) throw new Error('a history without a licence');
      const done = await performOnLicense(account, world, action, license, key);
      return { ...done, line: `${done.line} [${license.plan} ${license.id}]` };
    }
    case 'reserve':
      return performReserve(account, world, action, key);
    case 'commit':
    case 'releaseReservation': {
      const reservation = reservationAt(account, action.which);
      if (!reservation) throw new Error('a history without a reservation');
      return action.kind === 'commit'
        ? performCommit(account, world, reservation, action.quarters)
        : performRelease(account, world, reservation);
    }
    case 'leaseQuota':
      return performLease(account, world, action, key);
    case 'returnQuota': {
      const lease = leaseAt(account, action.which);
      if (!lease) throw new Error('a history without a lease');
      return performReturn(account, world, lease, action.quarters);
    }
    case 'again': {
      const { line, got, expected } = await world.repeat();
      return { line, product: null, model: () => undefined, got, expected: () => expected };
    }
    case 'grant':
      return performGrant(account, world, action, key);
    case 'revoke': {
      const grant = grantAt(account, action.which);
      if (!grant) throw new Error('a history without a grant');
      return {
        line: `revoke the grant of ${grant.feature}`,
        product: await world.call('revokeGrant', 'grantId: ID!, reason: String!', {
          grantId: grant.id,
          reason: 'test',
        }),
        model: () => grants.revoke(account, grant),
      };
    }
    default: {
      const subscription = subscriptionAt(account, action.which);
      if (!subscription) throw new Error('a history without a subscription');
      const done = await performOnSubscription(account, world, action, subscription, key);
      return { ...done, line: `${done.line} [${subscription.plan}]` };
    }
  }
}

/** One after the other, each for itself. */
async function performMany(account: Account, world: World, spends: readonly Spend[]): Promise<Performed> {
  const decisions = await world.consumeMany(
    spends.map((spend) => ({ customerId: world.customerId, ...spend, idempotencyKey: world.nextKey() })),
  );
  let expected = '';
  return {
    line: `consume ${spends.map(({ feature, quantity }) => `${String(quantity)} ${feature}`).join(' and ')}`,
    product: { data: {}, code: null, message: '' },
    model: () => {
      const answers = spends.map(({ feature, quantity }) => usage.consume(account, feature, quantity));
      expected = answers.map(({ allowed, code }) => `${String(allowed)} ${code}`).join(' and ');
    },
    expected: () => expected,
    got: decisions.map(decisionText).join(' and '),
  };
}

async function performRecord(
  account: Account,
  world: World,
  { feature, quantity, minutesAgo, as }: Extract<Action, { kind: 'recordUsage' }>,
): Promise<Performed> {
  const at = account.now - minutesAgo * MINUTE;
  const event = { id: world.nextKey(), customerId: world.customerId, feature, quantity, at: time(at) };
  const product = await (as === 'CLOUD_EVENT' ? world.sendCloudEvent(event) : world.recordUsage(event));
  return {
    line: `record ${String(quantity)} ${feature} of ${day(at)}${as === 'CLOUD_EVENT' ? ', as a CloudEvent' : ''}`,
    product,
    model: () => usage.recordUsage(account, feature, quantity, at),
  };
}

async function performGrant(
  account: Account,
  world: World,
  action: Extract<Action, { kind: 'grant' }>,
  key: { readonly idempotencyKey: string },
): Promise<Performed> {
  const { feature, effect, units, startsIn, lasts } = action;
  const spec = FEATURES[feature];
  const startsAt = startsIn === null ? null : account.now + startsIn * DAY;
  const expiresAt = lasts === null ? null : account.now + lasts * DAY;
  const value =
    effect === 'BLOCK'
      ? null
      : spec.type === 'boolean'
        ? true
        : spec.type === 'config'
          ? (spec.values[units % spec.values.length] ?? null)
          : units;
  const input = {
    customerId: world.customerId,
    feature,
    effect,
    value: value ?? undefined,
    reason: 'test',
    startsAt: time(startsAt),
    expiresAt: time(expiresAt),
    ...key,
  };
  return {
    line: `grant ${effect} ${feature}${value === null ? '' : ` ${String(value)}`}${startsAt === null ? '' : ` from ${day(startsAt)}`}${expiresAt === null ? '' : ` until ${day(expiresAt)}`}`,
    product: await world.mutate('grantEntitlement', 'GrantInput', input, 'grant { id }'),
    model: (id) => grants.grant(account, { id, feature, effect, value, startsAt, expiresAt }),
  };
}

async function performAddCredits(
  account: Account,
  world: World,
  { quantity, priority, lasts }: Extract<Action, { kind: 'addCredits' }>,
  key: { readonly idempotencyKey: string },
): Promise<Performed> {
  const feature = 'credits';
  const expiresAt = lasts === null ? null : account.now + lasts * MINUTE;
  const input = {
    customerId: world.customerId,
    feature,
    quantity,
    priority,
    expiresAt: time(expiresAt),
    ...key,
  };
  return {
    line: `add ${String(quantity)} ${feature}, priority ${String(priority)}${expiresAt === null ? '' : `, until ${day(expiresAt)}`}`,
    product: await world.mutate('addCredits', 'AddCreditsInput', input, 'block { id }'),
    model: (id) => credits.addCredits(account, { id, feature, quantity, priority, expiresAt }),
  };
}

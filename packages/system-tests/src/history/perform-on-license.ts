import type { Account, License } from '../model/account.js';
import * as licenses from '../model/licenses.js';
import type { DatesAction, IssueAction, LicenseAction } from './actions/license-actions.js';
import { bought, lists, time } from './inputs.js';
import type { Performed } from './performed.js';
import { DAY } from './resolve.js';
import { day } from './texts.js';
import type { World } from './world.js';

type Key = { readonly idempotencyKey: string };

export async function performIssue(
  account: Account,
  world: World,
  action: IssueAction,
  key: Key,
): Promise<Performed> {
  const { plan, startsIn, quantities, machineLimit } = action;
  const startsAt = startsIn === null ? null : account.now + startsIn * DAY;
  const dates = datesFrom(startsAt ?? account.now, action);
  const input = {
    customerId: world.customerId,
    plan,
    startsAt: time(startsAt),
    ...datesInput(action, dates),
    ...key,
  };
  const product = await world.mutate('issueLicense', 'IssueLicenseInput', input, 'key license { id }');
  world.keepKey(product);
  return {
    line: `issue ${plan}${startsAt === null ? '' : ` from ${day(startsAt)}`}${datesText(action, dates)}`,
    product,
    model: (id) =>
      licenses.issueLicense(account, {
        ...{ id, plan, startsAt, quantities },
        ...dates,
        machineLimit: machineLimit ?? null,
      }),
  };
}

export async function performOnLicense(
  account: Account,
  world: World,
  action: LicenseAction,
  license: License,
  key: Key,
): Promise<Performed> {
  const licenseId = license.id;
  const explained = { licenseId, reason: 'test' };
  switch (action.kind) {
    case 'renewLicense': {
      const dates = datesFrom(account.now, action);
      const { quantities, machineLimit } = action;
      const input = { licenseId, ...datesInput(action, dates), ...key };
      return {
        line: `renew${datesText(action, dates)}`,
        product: await world.mutate('renewLicense', 'RenewLicenseInput', input, ''),
        model: () => licenses.renewLicense(account, license, { ...dates, quantities, machineLimit }),
      };
    }
    case 'suspendLicense':
      return {
        line: 'suspend',
        product: await world.call('suspendLicense', 'licenseId: ID!, reason: String!', explained),
        model: () => licenses.suspendLicense(account, license),
      };
    case 'reinstateLicense':
      return {
        line: 'reinstate',
        product: await world.call('reinstateLicense', 'licenseId: ID!, reason: String', explained),
        model: () => licenses.reinstateLicense(account, license),
      };
    case 'revokeLicense':
      return {
        line: 'revoke',
        product: await world.call('revokeLicense', 'licenseId: ID!, reason: String!', explained),
        model: () => licenses.revokeLicense(account, license),
      };
    case 'rotateKey': {
      const values = { licenseId, ...key };
      const types = 'licenseId: ID!, idempotencyKey: String!';
      const product = await world.call('rotateLicenseKey', types, values, 'key license { id }');
      world.keepKey(product);
      return {
        line: 'rotate the key',
        product,
        model: () => licenses.rotateKey(account, license),
      };
    }
  }
}

interface Dates {
  readonly expiresAt: number | null;
  readonly maintenanceUntil: number | null;
}

function datesFrom(from: number, { lasts, maintained }: DatesAction): Dates {
  return {
    expiresAt: lasts === null ? null : from + lasts * DAY,
    maintenanceUntil: maintained === null ? null : from + maintained * DAY,
  };
}

function datesInput(
  { quantities, machineLimit }: DatesAction,
  { expiresAt, maintenanceUntil }: Dates,
): object {
  return {
    ...(expiresAt === null ? {} : { expiresAt: time(expiresAt) }),
    ...(maintenanceUntil === null ? {} : { maintenanceUntil: time(maintenanceUntil) }),
    ...(machineLimit === undefined ? {} : { machineLimit }),
    ...lists({ addOns: null, quantities }),
  };
}

function datesText(
  { quantities, machineLimit }: DatesAction,
  { expiresAt, maintenanceUntil }: Dates,
): string {
  const until = expiresAt === null ? '' : ` until ${day(expiresAt)}`;
  const maintained = maintenanceUntil === null ? '' : `, maintained until ${day(maintenanceUntil)}`;
  const limit = machineLimit === undefined ? '' : `, machine limit ${String(machineLimit)}`;
  return until + maintained + limit + bought({ addOns: null, quantities });
}

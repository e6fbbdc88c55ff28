import { executeLicense } from '../src/license/execute-license.js';
import type {
  AccountChange,
  CommandOutcome,
  CustomerAccount,
  Instant,
  License,
  LicenseCommand,
} from '../src/index.js';
import { parseLicenseId } from '../src/ids.js';
import { applyDue } from '../src/subscription/due.js';
import { formatInstant } from '../src/time/instant.js';
import { releaseFrom } from './states.js';
import { accepted, featureKey, newCustomer, planKey, time } from './subscriptions.js';

/** A plan of each model, with and without period, grace and maintenance. */
export const LICENSED = releaseFrom(`
catalog: 1
name: licences
expiringSoon: [P7D, P1D]
features:
  desktop: { type: boolean, versions: { '4.0': '2025-02-01', '9.0': '2050-01-01' } }
  renders: { type: metered, window: P1M, anchor: subscription }
  minutes: { type: metered, window: P1M, anchor: subscription }
  credits: { type: metered, prepaid: true }
  places: { type: seats, kind: named }
plans:
  forever: { model: perpetual, maintenance: P1Y, entitlements: { desktop: true, renders: 10 } }
  outright: { model: perpetual, entitlements: { desktop: true } }
  term: { model: subscription, period: P1M, grace: P7D, entitlements: { desktop: true, renders: 5 } }
  strict: { model: subscription, period: P1M, maintenance: P6M, entitlements: { renders: 7 } }
  pool:
    model: usage
    period: P1M
    grace: P3D
    entitlements:
      credits: { blocks: [{ quantity: 100, expiresAfter: P2M, given: everyPeriod }, { quantity: 5, given: once }] }
  office:
    model: seats
    period: P1Y
    entitlements: { places: { bought: { atLeast: 2, atMost: 50, default: 5 } } }
  crew: { model: seats, period: P1Y, grace: P7D, entitlements: { places: { bought: { default: 5 } } } }
  bound: { model: perpetual, machines: { limit: 2 }, entitlements: { desktop: true } }
  cloud: { model: subscription, period: P1M, grace: P7D, entitlements: { renders: 100, minutes: 60 } }
`);

export const licenseId = (text = 'lic_1') => {
  const id = parseLicenseId(text);
  if (id === null) throw new TypeError(`the test names what is no licence id: ${text}`);
  return id;
};

type Issue = Extract<LicenseCommand, { kind: 'issueLicense' }>;
type Renew = Extract<LicenseCommand, { kind: 'renewLicense' }>;

/** A command's options, instants as text. */
interface Options {
  readonly id?: string;
  readonly startsAt?: string;
  readonly expiresAt?: string;
  readonly maintenanceUntil?: string;
  readonly quantities?: Readonly<Record<string, number>>;
  readonly machineLimit?: number | null;
}
const timeOr = (text?: string): Instant | null => (text === undefined ? null : time(text));
const quantitiesIn = (given: Readonly<Record<string, number>>) =>
  new Map(Object.entries(given).map(([key, quantity]) => [featureKey(key), quantity] as const));

export function issueOf(plan: string, options: Options = {}): Issue {
  return {
    kind: 'issueLicense',
    licenseId: licenseId(options.id),
    keyHint: 'ABCD',
    keyDigest: 'digest',
    plan: planKey(plan),
    startsAt: timeOr(options.startsAt),
    expiresAt: timeOr(options.expiresAt),
    maintenanceUntil: timeOr(options.maintenanceUntil),
    quantities: quantitiesIn(options.quantities ?? {}),
    machineLimit: options.machineLimit ?? null,
  };
}

export function renewalOf(options: Omit<Options, 'startsAt'> = {}): Renew {
  return {
    kind: 'renewLicense',
    licenseId: licenseId(options.id),
    expiresAt: timeOr(options.expiresAt),
    maintenanceUntil: timeOr(options.maintenanceUntil),
    quantities: options.quantities === undefined ? null : quantitiesIn(options.quantities),
    ...(options.machineLimit === undefined ? {} : { machineLimit: options.machineLimit }),
  };
}

type Verb = 'suspendLicense' | 'reinstateLicense' | 'revokeLicense';
export const verbOf = (kind: Verb, id?: string): LicenseCommand => ({ kind, licenseId: licenseId(id) });

/** A command at its time, what is due applied before it. */
export function performAt(account: CustomerAccount, at: string, command: LicenseCommand): CommandOutcome {
  const due = applyDue(account, LICENSED, time(at));
  const outcome = executeLicense(due.account, command, LICENSED, time(at));
  return outcome.ok ? { ...outcome, events: [...due.events, ...outcome.events] } : outcome;
}

/** What became of a new customer. */
export function licenseHistory(
  steps: readonly (readonly [at: string, command: LicenseCommand])[],
  zone = 'UTC',
): AccountChange {
  return steps.reduce<AccountChange>(
    (so, [at, command]) => {
      const done = accepted(performAt(so.account, at, command));
      return { account: done.account, events: [...so.events, ...done.events] };
    },
    { account: newCustomer(zone), events: [] },
  );
}

export function licenseIn({ licenses }: CustomerAccount, id?: string): License {
  const found = licenses.find((one) => one.id === licenseId(id));
  if (found === undefined) throw new Error('the customer has no such licence');
  return found;
}

/** The events as `2026-02-14T00:00:00Z license.expired`. */
export function toldOf({ events }: Pick<AccountChange, 'events'>): string[] {
  return events.map(({ at, type }) => `${formatInstant(at).replace('.000', '')} ${type}`);
}

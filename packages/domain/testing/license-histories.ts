import fc from 'fast-check';
import type {
  CustomerAccount,
  CustomerEvent,
  Instant,
  LicenseCommand,
  SubscriptionCommand,
} from '../src/index.js';
import { executeLicense } from '../src/license/execute-license.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { instant } from '../src/time/instant.js';
import { LICENSED, licenseId, renewalOf } from './licenses.js';
import { newCustomer, planKey, subscribeTo, subscriptionId, time } from './subscriptions.js';

const HOUR = 3_600_000;
const ids = fc.constantFrom('lic_1', 'lic_2', 'lic_3').map((id) => licenseId(id));
const hours = fc.integer({ min: -2400, max: 4800 });
const maybeHours = fc.option(hours, { nil: null });
const from = (now: Instant, delta: number | null) => (delta === null ? null : instant(now + delta * HOUR));

type Command =
  | { readonly of: 'LICENSE'; readonly command: LicenseCommand }
  | { readonly of: 'SUBSCRIPTION'; readonly command: SubscriptionCommand };

/** Some hours later a command. */
export interface LicenseStep {
  readonly after: number;
  readonly command: (now: Instant) => Command;
}

const licenseCommands: fc.Arbitrary<LicenseStep['command']> = fc.oneof(
  fc
    .record({
      id: ids,
      plan: fc.constantFrom(
        'forever',
        'outright',
        'term',
        'term',
        'strict',
        'pool',
        'cloud',
        'office',
        'bound',
      ),
      starts: maybeHours,
      ends: maybeHours,
      maintained: maybeHours,
    })
    .map(({ id, plan, starts, ends, maintained }) => (now: Instant) => ({
      of: 'LICENSE' as const,
      command: {
        kind: 'issueLicense' as const,
        ...{
          licenseId: id,
          keyHint: 'ABCD',
          keyDigest: 'digest',
          plan: planKey(plan),
          quantities: new Map(),
          machineLimit: null,
        },
        startsAt: from(now, starts),
        expiresAt: from(now, ends),
        maintenanceUntil: from(now, maintained),
      },
    })),
  fc.record({ id: ids, ends: maybeHours, maintained: maybeHours }).map(({ id, ends, maintained }) => {
    return (now: Instant) => ({
      of: 'LICENSE' as const,
      command: {
        ...{ kind: 'renewLicense' as const, licenseId: id, quantities: null },
        expiresAt: from(now, ends),
        maintenanceUntil: from(now, maintained),
      },
    });
  }),
  fc
    .record({ id: ids, places: fc.integer({ min: 1, max: 9 }), isSeats: fc.boolean() })
    .map(({ id, places, isSeats }) => () => ({
      of: 'LICENSE' as const,
      command: isSeats ? renewalOf({ id, quantities: { places } }) : renewalOf({ id, machineLimit: places }),
    })),
  fc
    .record({
      id: ids,
      kind: fc.constantFrom('suspendLicense', 'reinstateLicense', 'reinstateLicense', 'revokeLicense'),
    })
    .map(({ id, kind }) => () => ({ of: 'LICENSE' as const, command: { kind, licenseId: id } })),
);
const subscriptionCommands: fc.Arbitrary<LicenseStep['command']> = fc.oneof(
  maybeHours.map((starts) => (now: Instant): Command => {
    return { of: 'SUBSCRIPTION', command: subscribeTo('cloud', { startsAt: from(now, starts) }) };
  }),
  fc.constantFrom('FAILED' as const, 'SUCCEEDED' as const).map((outcome) => (): Command => {
    const subscription = { subscriptionId: subscriptionId('sub_1') };
    return { of: 'SUBSCRIPTION', command: { kind: 'reportPayment', ...subscription, outcome, at: null } };
  }),
);

export const licenseSteps: fc.Arbitrary<LicenseStep[]> = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 1200 }),
    command: fc.oneof(
      { weight: 5, arbitrary: licenseCommands },
      { weight: 1, arbitrary: subscriptionCommands },
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

export interface PlayedLicenses {
  readonly account: CustomerAccount;
  readonly events: readonly CustomerEvent[];
  readonly now: Instant;
}

/** The history of a customer with licences; an id that is taken issues none. `between`: how often a worker looks in. */
export function playLicenses(
  zone: string,
  sequence: readonly LicenseStep[],
  between: number | null = null,
): PlayedLicenses {
  let account = newCustomer(zone);
  let now = time('2026-01-31T12:30:00Z');
  const events: CustomerEvent[] = [];
  const become = (change: {
    readonly account: CustomerAccount;
    readonly events: readonly CustomerEvent[];
  }) => {
    account = change.account;
    events.push(...change.events);
  };
  for (const { after, command } of sequence) {
    const then = instant(now + after * HOUR);
    if (between !== null)
      for (let at = now + between; at < then; at += between) become(applyDue(account, LICENSED, instant(at)));
    now = then;
    become(applyDue(account, LICENSED, now));
    const asked = command(now);
    if (asked.of === 'SUBSCRIPTION') {
      const outcome = execute(account, asked.command, LICENSED, now);
      if (outcome.ok) become(outcome);
      continue;
    }
    const { command: wanted } = asked;
    const isTaken = account.licenses.some(({ id }) => id === wanted.licenseId);
    if (wanted.kind === 'issueLicense' && isTaken) continue;
    const outcome = executeLicense(account, wanted, LICENSED, now);
    if (outcome.ok) become(outcome);
  }
  return { account, events, now };
}

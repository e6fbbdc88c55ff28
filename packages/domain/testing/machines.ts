import {
  type CustomerAccount,
  executeLicense,
  executeMachine,
  type Instant,
  instant,
  type License,
  type MachineCommand,
  type MachineId,
  type MachineOutcome,
  parseLicenseId,
  parseMachineId,
  type Release,
} from '../src/index.js';
import { releaseFrom } from './states.js';
import { duration, newCustomer, planKey, time } from './subscriptions.js';

export const NOW = time('2026-01-15T12:00:00Z');
export const MINUTE = 60_000;
export const after = (minutes: number): Instant => instant(NOW + minutes * MINUTE);

/** A release with one perpetual plan, `desk`, that is bound to machines as it is written. */
export function releaseWith(machines: string): Release {
  return releaseFrom(`
catalog: 1
name: machines
features: { cad: { type: boolean } }
plans: { desk: { model: perpetual, machines: ${machines}, entitlements: { cad: true } }, free: { model: perpetual, entitlements: { cad: true } } }
`);
}

export const LICENSE = must(parseLicenseId('lic_1'));

/** A customer with one licence, issued before `NOW`. */
export function licensed(
  release: Release,
  plan = 'desk',
  machineLimit: number | null = null,
): CustomerAccount {
  const issued = executeLicense(
    newCustomer(),
    {
      ...{
        kind: 'issueLicense',
        licenseId: LICENSE,
        keyHint: 'ABCDE',
        keyDigest: 'digest',
        plan: planKey(plan),
        machineLimit,
      },
      ...{ startsAt: null, expiresAt: null, maintenanceUntil: null, quantities: new Map() },
    },
    release,
    instant(NOW - MINUTE),
  );
  if (!issued.ok) throw new Error(issued.refusal.message);
  return issued.account;
}

export function licenseIn({ licenses }: CustomerAccount): License {
  const [license] = licenses;
  if (license === undefined) throw new Error('one licence');
  return license;
}

export function machineId(text: string): MachineId {
  return must(parseMachineId(`mach_${text}`));
}

/** What a machine, by its fingerprint, may ask; the machine's id is made of it. */
export function activate(
  fingerprint: string,
  more: Partial<Extract<MachineCommand, { kind: 'activateMachine' }>> = {},
): MachineCommand {
  const id = machineId(fingerprint.replaceAll(/[^0-9a-z]/g, ''));
  const named = { fingerprint, isDerived: false, components: [], machineId: id };
  return { kind: 'activateMachine', licenseId: LICENSE, ...named, ...more };
}

export function deactivate(fingerprint: string): MachineCommand {
  return { kind: 'deactivateMachine', licenseId: LICENSE, machine: { fingerprint } };
}

export function heartbeat(fingerprint: string, ttl = 'PT10M'): MachineCommand {
  return { kind: 'heartbeatMachine', licenseId: LICENSE, machine: { fingerprint }, ttl: duration(ttl) };
}

/** The outcome of a command that is not refused as bad input. */
export function run(
  account: CustomerAccount,
  command: MachineCommand,
  now: Instant = NOW,
): Extract<MachineOutcome, { ok: true }> {
  const outcome = executeMachine(account, command, now);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome;
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error('it has the form of one');
  return value;
}

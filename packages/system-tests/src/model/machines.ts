import { type Account, type License, type Machine, Refusal, tell } from './account.js';
import { plus } from './calendar.js';
import { type MachinesSpec, PLANS } from './plans.js';
import type { LicenseDue } from './licenses.js';
import { type LicenseFailure, licenseFailure } from './license-status.js';

/** What a command is answered with. */
export interface MachineAnswer {
  readonly allowed: boolean;
  readonly code: string;
}
const DONE: MachineAnswer = { allowed: true, code: 'DONE' };

function denied(code: string): MachineAnswer {
  return { allowed: false, code };
}

function entitled({ phase }: License): MachineAnswer {
  return { allowed: true, code: phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED' };
}

function boundTo({ plan }: License): MachinesSpec {
  const { machines } = PLANS[plan];
  if (!machines) throw new Refusal('BAD_USER_INPUT');
  return machines;
}

/** How a machine names itself; null: left out. */
export interface Named {
  readonly fingerprint: string | null;
  readonly components: readonly string[] | null;
}

export interface Activation extends Named {
  /** Of what the product has made. */
  readonly id: string;
  /** Undefined: left out. */
  readonly name: string | null | undefined;
}

export function activateMachine(account: Account, license: License, asked: Activation): MachineAnswer {
  const spec = boundTo(license);
  const failure = licenseFailure(license);
  if (failure) return denied(failure.code);
  const known = sameMachine(license, spec, asked);
  if (known) {
    update(account, license, known, asked);
    return entitled(license);
  }
  const above = license.machines.length + 1 - (license.machineLimit ?? spec.limit);
  if (above > 0) {
    if (spec.whenFull === 'refuse') return denied('MACHINE_LIMIT_EXCEEDED');
    if (isUsedUp(account, license, spec, above)) return denied('DEACTIVATION_LIMIT_EXCEEDED');
    for (const oldest of license.machines.slice(0, above)) remove(account, license, oldest);
  }
  const { id, name, components } = asked;
  const derived = asked.fingerprint === null;
  license.machines.push({
    ...{ id, derived },
    fingerprint: asked.fingerprint ?? derivedFrom(components ?? []),
    components: components ?? [],
    name: name ?? null,
    activatedAt: account.now,
    inUseUntil: null,
  });
  // Of one millisecond nothing says which came first.
  license.machines.sort((one, other) => one.activatedAt - other.activatedAt || (one.id < other.id ? -1 : 1));
  tell(account, 'machine.activated', id, account.now);
  return entitled(license);
}

/** What it names is taken over; a derived fingerprint only in place of one. */
function update(account: Account, license: License, machine: Machine, asked: Activation): void {
  const { fingerprint, name } = asked;
  const components = asked.components ?? machine.components;
  const isOther = [...components].sort().join() !== [...machine.components].sort().join();
  if (isOther && isMixedUp(license, machine, components)) throw new Refusal('CONFLICT');
  const was = JSON.stringify(machine);
  machine.components = components;
  if (asked.components !== null && machine.derived) machine.fingerprint = derivedFrom(components);
  if (fingerprint !== null) Object.assign(machine, { fingerprint, derived: false });
  if (name !== undefined) machine.name = name;
  if (JSON.stringify(machine) !== was) tell(account, 'machine.updated', machine.id, account.now);
}

/** Whether of it and another one the components of either would name the wrong one. */
function isMixedUp({ plan, machines }: License, machine: Machine, components: readonly string[]): boolean {
  return machines.some((other) => {
    if (other === machine) return false;
    const pair = machines
      .filter((one) => one === machine || one === other)
      .map((one) => (one === machine ? { ...one, components } : one));
    const named = (parts: readonly string[]): string | undefined =>
      withMost(pair, PLANS[plan].machines?.match, parts)?.id;
    return named(components) === other.id || named(other.components) === machine.id;
  });
}

function derivedFrom(components: readonly string[]): string {
  return `of ${[...components].sort().join(' ')}`;
}

/** The fingerprint as it is written; then the components, in any order. */
function sameMachine({ machines }: License, spec: MachinesSpec, named: Named): Machine | undefined {
  const components = named.components ?? [];
  const fingerprint = named.fingerprint ?? derivedFrom(components);
  const exact = machines.find((one) => one.fingerprint === fingerprint);
  if (exact) return exact;
  return withMost(machines, spec.match, components);
}

/** The one with most equal components, where these are enough; of equals the first. */
function withMost(
  machines: readonly Machine[],
  match: MachinesSpec['match'],
  components: readonly string[],
): Machine | undefined {
  const equal = ({ components: known }: Machine): number =>
    known.filter((component) => components.includes(component)).length;
  return [...machines]
    .filter((one) => isEnough(match ?? 'all', equal(one), one.components.length))
    .sort((one, other) => equal(other) - equal(one))[0];
}

function isEnough(match: NonNullable<MachinesSpec['match']>, equal: number, known: number): boolean {
  switch (match) {
    case 'any':
      return equal >= 1;
    case 'two':
      return equal >= 2;
    case 'most':
      return equal * 2 > known;
    case 'all':
      return known > 0 && equal === known;
  }
}

/** Whether so many more deactivations are more than there may be. */
function isUsedUp(account: Account, license: License, spec: MachinesSpec, more: number): boolean {
  if (spec.deactivations === undefined) return false;
  const { per } = spec;
  const counted = license.deactivations.filter(
    (at) => per === undefined || account.now < plus(at, per, account.zone),
  );
  return counted.length + more > spec.deactivations;
}

function remove(account: Account, license: License, machine: Machine): void {
  license.machines.splice(license.machines.indexOf(machine), 1);
  license.deactivations.push(account.now);
  tell(account, 'machine.deactivated', machine.id, account.now);
}

/** By its id, or by its fingerprint as it is written. */
export type MachineName = { readonly id: string } | { readonly fingerprint: string };

function machineOf({ machines }: License, name: MachineName): Machine | undefined {
  return machines.find((one) => ('id' in name ? one.id === name.id : one.fingerprint === name.fingerprint));
}

/** Done in every status, also where it is not activated. */
export function deactivateMachine(account: Account, license: License, name: MachineName): MachineAnswer {
  const spec = boundTo(license);
  const machine = machineOf(license, name);
  if (!machine) return DONE;
  if (isUsedUp(account, license, spec, 1)) return denied('DEACTIVATION_LIMIT_EXCEEDED');
  remove(account, license, machine);
  return DONE;
}

/** Holds the machine's place, where machines take turns, for so many minutes from now. */
export function heartbeatMachine(
  account: Account,
  license: License,
  name: MachineName,
  ttl: string,
): MachineAnswer {
  boundTo(license);
  const failure = licenseFailure(license);
  if (failure) return denied(failure.code);
  const machine = machineOf(license, name);
  if (!machine) return denied('NOT_ACTIVATED');
  if (PLANS[license.plan].machines?.atOnce === undefined) return entitled(license);
  if (isInUseElsewhere(license, machine)) return denied('MACHINE_IN_USE');
  if (machine.inUseUntil === null) tell(account, 'machine.place_taken', machine.id, account.now);
  machine.inUseUntil = plus(account.now, ttl, account.zone);
  return entitled(license);
}

function isInUseElsewhere({ plan, machines }: License, machine: Machine): boolean {
  const atOnce = PLANS[plan].machines?.atOnce;
  const others = machines.filter((one) => one !== machine && one.inUseUntil !== null).length;
  return atOnce !== undefined && others >= atOnce;
}

/** Rows 16 and 17; null: it passes. */
export function machineFailure(license: License, named: Named): LicenseFailure | null {
  const spec = PLANS[license.plan].machines;
  if (spec === undefined) return null;
  const isNamed = named.fingerprint !== null || named.components !== null;
  const machine = isNamed ? sameMachine(license, spec, named) : undefined;
  if (!machine) return { row: 16, code: 'NOT_ACTIVATED' };
  return isInUseElsewhere(license, machine) ? { row: 17, code: 'MACHINE_IN_USE' } : null;
}

/** A place that is not held longer ends by itself, whatever has become of the licence. */
export function placeDues(account: Account, { machines }: License): LicenseDue[] {
  return machines.flatMap((machine): LicenseDue[] => {
    const { id, inUseUntil: at } = machine;
    if (at === null) return [];
    const happen = (): void => {
      machine.inUseUntil = null;
      tell(account, 'machine.place_expired', id, at);
    };
    return [{ at, kind: 'place', id, happen }];
  });
}

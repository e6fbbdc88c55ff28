import type { CustomerAccount } from '../../customer.js';
import { licenseObstacles } from '../../decision/sources.js';
import { badInput } from '../../subscription/refusal.js';
import { type Instant } from '../../time/instant.js';
import { reservedUntil, wrongTtl } from '../../usage/reservation.js';
import { unreachable } from '../../unreachable.js';
import type { License } from '../license.js';
import {
  type Activate,
  type Activated,
  activateNew,
  placesMissing,
  reactivate,
  removeMachine,
} from './activate.js';
import type { MachineCommand, MachineName, MachineOutcome } from './command.js';
import { deactivationsFreeAt, deactivationsLeft } from './deactivations.js';
import { beat } from './heartbeat.js';
import type { Machine } from './machine.js';
import { type MachineCode, machineDecision, unknownLicense } from './machine-decision.js';
import { findMachine } from './match.js';
import { firstPlaceToEnd, hasPlace } from './place.js';

/** A licence at the instant at which something is asked of its machines. */
interface Asked {
  readonly account: CustomerAccount;
  readonly license: License;
  readonly now: Instant;
}

/**
 * What a command makes of a licence's machines at `now`; docs/rules.md, "Machines". Everything due until `now` must have
 * been applied. A denial is no refusal: it is a decision, and has changed nothing.
 */
export function executeMachine(
  account: CustomerAccount,
  command: MachineCommand,
  now: Instant,
): MachineOutcome {
  const license = account.licenses.find(({ id }) => id === command.licenseId);
  if (license === undefined)
    return { ok: true, account, events: [], decision: unknownLicense(), machine: null };
  const { plan } = license.planVersion;
  if (plan.machines === null)
    return badInput(
      'licenseId',
      `the licence is of the plan \`${plan.key}\`, which is not bound to machines; give the plan \`machines\`, and issue another licence`,
    );
  // Nothing that time does, and nothing that the customer has, follows from it at once.
  return perform({ account, license, now }, command);
}

function perform(asked: Asked, command: MachineCommand): MachineOutcome {
  switch (command.kind) {
    case 'activateMachine':
      return activate(asked, command);
    case 'deactivateMachine':
      return deactivate(asked, command.machine);
    case 'heartbeatMachine':
      return heartbeat(asked, command);
    default:
      return unreachable(command);
  }
}

function activate(asked: Asked, command: Activate): MachineOutcome {
  const { account, license, now } = asked;
  const [standing] = licenseObstacles(license);
  if (standing) return answer(asked, standing.code, null);
  const match = license.planVersion.plan.machines?.match ?? 'all';
  const known = findMachine(license.machines, match, command);
  if (known !== null) {
    const changed = reactivate(account, license, known, command, now);
    return 'refusal' in changed ? changed : granted(asked, changed);
  }
  const made = activateNew(account, license, command, now);
  if (made === 'DEACTIVATION_LIMIT_EXCEEDED')
    return answer(
      asked,
      made,
      null,
      deactivationsFreeAt(license, placesMissing(license), now, account.timeZone),
    );
  return made === 'MACHINE_LIMIT_EXCEEDED' ? answer(asked, made, null, null) : granted(asked, made);
}

/** Giving back needs no right: it is done whatever the licence's status is, also where there is nothing to do. */
function deactivate(asked: Asked, name: MachineName): MachineOutcome {
  const { account, license, now } = asked;
  const machine = machineNamed(license, name);
  if (machine === null) return answer(asked, 'DONE', null, null);
  if (deactivationsLeft(license, now, account.timeZone) === 0) {
    const freesAt = deactivationsFreeAt(license, 1, now, account.timeZone);
    return answer(asked, 'DEACTIVATION_LIMIT_EXCEEDED', machine, freesAt);
  }
  const { events, ...after } = removeMachine(account, license, machine, now);
  return { ...answer({ ...after, now }, 'DONE', machine, null), events };
}

function heartbeat(
  asked: Asked,
  { machine: name, ttl }: Extract<MachineCommand, { kind: 'heartbeatMachine' }>,
): MachineOutcome {
  const { account, license, now } = asked;
  const until = reservedUntil(now, ttl);
  if (until === null) return badInput('ttl', wrongTtl(ttl));
  const [standing] = licenseObstacles(license);
  if (standing) return answer(asked, standing.code, null);
  const known = machineNamed(license, name);
  if (known === null) return answer(asked, 'NOT_ACTIVATED', null, null);
  if (!hasPlace(license, known, now))
    return answer(asked, 'MACHINE_IN_USE', known, firstPlaceToEnd(license)?.inUseUntil ?? null);
  return granted(asked, beat(account, license, known, until, now));
}

function machineNamed({ machines }: License, name: MachineName): Machine | null {
  const found = machines.find((one) =>
    'id' in name ? one.id === name.id : one.fingerprint === name.fingerprint,
  );
  return found ?? null;
}

function granted(asked: Asked, { account, events, machine }: Activated): MachineOutcome {
  const license = account.licenses.find(({ id }) => id === asked.license.id) ?? asked.license;
  const code = license.term.phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED';
  return { ...answer({ ...asked, account, license }, code, machine), events };
}

function answer(
  { account, license }: Asked,
  code: MachineCode,
  machine: Machine | null,
  ...validUntil: [Instant | null] | []
): Extract<MachineOutcome, { ok: true }> {
  const decision = machineDecision(code, { account, license }, ...validUntil);
  return { ok: true, account, events: [], decision, machine };
}

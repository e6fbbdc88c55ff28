import { type KnownIdentity, machineIdentity } from '@licet/database';
import { type IsoDuration, type MachineIdentity, type MachineName, parseDuration } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { readHoldingTime, requireStorable } from '../arguments.js';
import type { MachineInput } from './machine-types.js';

const TEXT_MAX = 255;
const COMPONENTS_MAX = 32;

/** A fingerprint, or a component: 1 to 255 characters, else BAD_USER_INPUT. */
export function readMachineText(field: string, text: string): string {
  requireStorable(field, text);
  const characters = Array.from(text).length;
  if (characters >= 1 && characters <= TEXT_MAX) return text;
  throw badInput(field, `it has 1 to ${String(TEXT_MAX)} characters, not ${String(characters)}`);
}

/** Null where none is given. */
export function readFingerprint(field: string, text: string | null | undefined): string | null {
  return text == null ? null : readMachineText(field, text);
}

/** What a machine tells of itself; its parts are hashed here. `prefix`: the argument. */
export function readIdentity(
  { db, access }: GatewayContext,
  asked: TellingMachine,
  prefix: string,
): KnownIdentity {
  return machineIdentity(db, access.tenantId, readMachine(asked, prefix));
}

interface TellingMachine {
  readonly fingerprint?: string | null;
  readonly components?: readonly string[] | null;
}

/** The same as it was told, which is kept nowhere. */
export function readMachine(asked: TellingMachine, prefix: string): MachineIdentity {
  const components = asked.components ?? [];
  const field = `${prefix}.components`;
  if (components.length > COMPONENTS_MAX)
    throw badInput(
      field,
      `at most ${String(COMPONENTS_MAX)} components, not ${String(components.length)}; send those that change least`,
    );
  return {
    fingerprint: readFingerprint(`${prefix}.fingerprint`, asked.fingerprint),
    components: components.map((text, index) => readMachineText(`${field}.${String(index)}`, text)),
  };
}

/** BAD_USER_INPUT unless it is named in one way. */
export function readMachineName({ machineId, fingerprint }: MachineInput): MachineName {
  if (machineId != null && fingerprint != null)
    throw badInput(
      'input.fingerprint',
      'a machine is named by its id or its fingerprint; leave one of them out',
    );
  if (machineId != null) return { id: machineId };
  if (fingerprint != null) return { fingerprint: readMachineText('input.fingerprint', fingerprint) };
  throw badInput('input.fingerprint', 'no machine is named; give its `machineId` or its `fingerprint`');
}

const DEFAULT_TTL = parseDuration('PT10M');

/** How long a heartbeat holds: 10 minutes where nothing is said, else as `readHoldingTime` takes it. */
export function readTtl(ttl: IsoDuration | null | undefined): IsoDuration {
  const chosen = ttl ?? DEFAULT_TTL;
  if (chosen === null) throw new Error('PT10M is a duration');
  return readHoldingTime('ttl', chosen);
}

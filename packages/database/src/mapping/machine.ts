import type { MachineData } from '@licet/api-types';
import {
  formatInstant,
  type Instant,
  instant,
  type LicenseId,
  type Machine,
  type MachineId,
} from '@licet/domain';
import type { Column } from './columns.js';

/** A machine and the licence that is activated on it. */
export interface OwnedMachine {
  readonly licenseId: LicenseId;
  readonly machine: Machine;
}

/** A row of `machine`; instants are milliseconds since 1970. Written only from a domain value. */
export interface MachineRow {
  readonly id: MachineId;
  readonly fingerprint: string;
  readonly components: readonly string[];
  readonly name: string | null;
  readonly activated_at: number;
  readonly last_seen_at: number | null;
  readonly in_use_until: number | null;
}

const TEXTS = ['id', 'fingerprint', 'components', 'name'].map((name) => [name, `m.${name}`] as const);
const INSTANTS = ['activated_at', 'last_seen_at', 'in_use_until'].map(
  (name) => [name, `(date_part('epoch', m.${name}) * 1000)::bigint`] as const,
);

/** A row of `machine m`, as columns and as one JSON object. */
export const MACHINE_COLUMNS = [...TEXTS, ...INSTANTS]
  .map(([name, value]) => `${value} as ${name}`)
  .join(', ');
export const MACHINE_JSON = `json_build_object(${[...TEXTS, ...INSTANTS]
  .map(([name, value]) => `'${name}', ${value}`)
  .join(', ')})`;

export function machineFromRow(row: MachineRow): Machine {
  const { id, fingerprint, components, name } = row;
  return {
    ...{ id, fingerprint, components, name },
    activatedAt: instant(row.activated_at),
    lastSeenAt: maybeAt(row.last_seen_at),
    inUseUntil: maybeAt(row.in_use_until),
  };
}

function maybeAt(milliseconds: number | null): Instant | null {
  return milliseconds === null ? null : instant(milliseconds);
}

/** What a row holds. The first two name it and never change. */
export const MACHINE_ROW: readonly Column<OwnedMachine>[] = [
  { name: 'license_id', type: 'text', of: ({ licenseId }) => licenseId },
  { name: 'id', type: 'text', of: ({ machine }) => machine.id },
  { name: 'fingerprint', type: 'text', of: ({ machine }) => machine.fingerprint },
  { name: 'components', type: 'jsonb', of: ({ machine }) => machine.components },
  { name: 'name', type: 'text', of: ({ machine }) => machine.name },
  { name: 'activated_at', type: 'timestamptz', of: ({ machine }) => machine.activatedAt },
  { name: 'last_seen_at', type: 'timestamptz', of: ({ machine }) => machine.lastSeenAt },
  { name: 'in_use_until', type: 'timestamptz', of: ({ machine }) => machine.inUseUntil },
];

/** What events say of a machine: neither its name, which may be a person's, nor its parts. */
export function machineToJson(machine: Machine): MachineData {
  const { id, fingerprint, activatedAt, lastSeenAt, inUseUntil } = machine;
  return {
    ...{ id, fingerprint },
    activatedAt: formatInstant(activatedAt),
    lastSeenAt: lastSeenAt === null ? null : formatInstant(lastSeenAt),
    inUseUntil: inUseUntil === null ? null : formatInstant(inUseUntil),
  };
}

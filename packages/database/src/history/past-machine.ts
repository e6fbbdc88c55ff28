import type { MachineData } from '@licet/api-types';
import { type Machine, parseInstant, parseMachineId } from '@licet/domain';

/**
 * A machine as an event holds it: enough to decide about one that asks by its fingerprint, as all do that may ask since
 * when. Null: it cannot be told.
 */
export function pastMachine({ id: text, fingerprint, ...data }: MachineData): Machine | null {
  const id = parseMachineId(text);
  const activatedAt = parseInstant(data.activatedAt);
  if (id === null || activatedAt === null) return null;
  return {
    ...{ id, fingerprint, activatedAt, components: [], name: null },
    lastSeenAt: data.lastSeenAt === null ? null : parseInstant(data.lastSeenAt),
    inUseUntil: data.inUseUntil === null ? null : parseInstant(data.inUseUntil),
  };
}

import type { Pool } from 'pg';
import type { Finding } from './replay.js';

interface MachineState {
  readonly id: string;
  readonly fingerprint: string;
  readonly inUseUntil: string | null;
}

interface Entry {
  readonly position: number;
  readonly type: string;
  readonly at: string;
  readonly data: {
    readonly license: string;
    readonly before: MachineState | null;
    readonly after: MachineState | null;
  };
}

export interface MachineLimits {
  readonly limit: number;
  /** Null: machines do not take turns. */
  readonly atOnce: number | null;
}

export interface MachineReplay {
  /** More machines, or more places, than the licence allows at a position; `counter`: the licence. */
  readonly beyond: readonly Finding[];
  /** Entries that do not follow from those before them. */
  readonly broken: readonly Finding[];
  /** What the log leaves in the end: by licence the machines, by id. */
  readonly machines: ReadonlyMap<string, ReadonlyMap<string, MachineState>>;
  /** Entries by type. */
  readonly counted: ReadonlyMap<string, number>;
}

/** Follows the machines of licences through the log, and reads nothing else. */
export async function replayMachines(owner: Pool, limits: MachineLimits): Promise<MachineReplay> {
  const { rows } = await owner.query<Entry>(
    `select position::int, type, body ->> 'at' as at, body -> 'data' as data
     from (select position, type, convert_from(body, 'UTF8')::jsonb as body from event
           where type like 'machine.%') e order by position`,
  );
  const beyond: Finding[] = [];
  const broken: Finding[] = [];
  const machines = new Map<string, Map<string, MachineState>>();
  const counted = new Map<string, number>();
  for (const { position, type, at, data } of rows) {
    const { license, before, after } = data;
    const known = machines.get(license) ?? new Map<string, MachineState>();
    machines.set(license, known);
    counted.set(type, (counted.get(type) ?? 0) + 1);
    const was = before === null ? undefined : known.get(before.id);
    if (textOf(was) !== textOf(before ?? undefined))
      broken.push({ position, counter: license, found: `${type} of ${textOf(before)} after ${textOf(was)}` });
    if (before !== null) known.delete(before.id);
    if (after !== null) known.set(after.id, after);
    const inUse = [...known.values()].filter(({ inUseUntil }) => inUseUntil !== null && inUseUntil > at);
    if (known.size > limits.limit)
      beyond.push({
        position,
        counter: license,
        found: `${String(known.size)} of ${String(limits.limit)} machines`,
      });
    if (limits.atOnce !== null && inUse.length > limits.atOnce)
      beyond.push({
        position,
        counter: license,
        found: `${String(inUse.length)} of ${String(limits.atOnce)} in use`,
      });
  }
  return { beyond, broken, machines, counted };
}

function textOf(state: MachineState | null | undefined): string {
  return state == null ? 'nothing' : JSON.stringify([state.id, state.fingerprint, state.inUseUntil]);
}

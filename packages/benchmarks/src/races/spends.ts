import type { Client } from 'pg';
import { type Row, rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { askSpend, type SpendOrder, type SpendWork } from '../load/spend.js';
import type { Program } from '../processes/program.js';
import type { Setting } from '../race.js';
import { UNITS } from '../seed/catalog.js';
import type { BenchTenant } from '../seed/tenant.js';

/** Whatever is counted, over so many seconds. */
export type PerSecond = (seconds: number) => Promise<number>;

/** What each of them writes one row of. */
const KINDS: Readonly<Record<SpendWork, readonly string[]>> = {
  consume: ['consume'],
  pairs: ['reserve', 'commit'],
  records: ['record'],
  renewals: [],
};

/** The storage layer of one database, in one process with one queue. Makes the work that it is asked for. */
export function spendsOf(
  { caller, owner }: BenchTenant,
  url: string,
  spender: Program,
): (asked: Pick<SpendOrder, 'work' | 'callers' | 'counters'>) => PerSecond {
  let seed = 0;
  return (asked) => async (seconds) => {
    const before = await kept(owner);
    const order = { ...asked, url, tenantId: caller.tenantId, seconds, seed: (seed += 1) };
    const report = await askSpend(spender, order);
    const after = await kept(owner);
    requireSame('units', report.units, after.units - before.units);
    requireSame('units that are held', 0, after.held);
    requireSame('reservations that are open', 0, after.open);
    if (asked.work === 'renewals') requireSame('seats', asked.callers, after.seats);
    const kinds = new Set([...after.records.keys(), ...KINDS[asked.work]]);
    for (const kind of kinds) {
      const written = (after.records.get(kind) ?? 0) - (before.records.get(kind) ?? 0);
      requireSame(`records of ${kind}`, KINDS[asked.work].includes(kind) ? report.done : 0, written);
    }
    return report.done / report.seconds;
  };
}

/** What the database holds in the end is what was answered: units, records and answers are one number. */
function requireSame(what: string, answered: number, holds: number): void {
  if (holds !== answered)
    throw new Error(
      `${String(answered)} ${what} follow from the answers, and the database has ${String(holds)}`,
    );
}

interface Kept {
  readonly units: number;
  readonly held: number;
  readonly open: number;
  readonly seats: number;
  /** By kind. */
  readonly records: ReadonlyMap<string, number>;
}

async function kept(owner: Client): Promise<Kept> {
  const counters = await owner.query<{ units: string; held: string; open: string; seats: string }>(
    `select sum(used) as units, sum(reserved) as held,
       (select count(*) from reservation) as open, (select count(*) from seat) as seats
     from meter where feature = $1`,
    [UNITS],
  );
  const records = await owner.query<{ kind: string; count: string }>(
    'select kind, count(*) from operation group by kind',
  );
  const [row] = counters.rows;
  return {
    units: Number(row?.units),
    held: Number(row?.held),
    open: Number(row?.open),
    seats: Number(row?.seats),
    records: new Map(records.rows.map(({ kind, count }) => [kind, Number(count)])),
  };
}

/** A row of the table: both are warmed and take turns. */
export async function raceOf(
  { rounds, seconds, warmSeconds }: Setting,
  figures: Pick<Row, 'race' | 'measure' | 'unit'> & { readonly goal: number; readonly against: string },
  own: PerSecond,
  peer: PerSecond,
): Promise<Row> {
  const { goal, against, ...named } = figures;
  const [ours, peers] = [new Side(() => own(seconds)), new Side(() => peer(seconds))];
  if (warmSeconds > 0) for (const warm of [own, peer]) await warm(warmSeconds);
  await interleaved(rounds, [ours, peers]);
  return rowOf({
    ...named,
    own: ours.results,
    peer: { name: against, values: peers.results },
    goal: { bound: 'atLeast', ratio: goal },
  });
}

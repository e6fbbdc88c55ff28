import type { Row } from '../harness/results.js';
import type { SpendWork } from '../load/spend.js';
import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import type { Outcome, Setting, Size } from '../race.js';
import { addCustomers, type BenchTenant, withTenant } from '../seed/tenant.js';
import { raceOf, spendsOf } from './spends.js';

/** As many as spend in consume-storage. */
const CALLERS: Readonly<Record<Size, number>> = { full: 2048, quick: 2048, smoke: 128 };

type Figures = Pick<Row, 'race' | 'measure' | 'unit'> & { readonly goal: number; readonly against: string };

/** The work of one customer beside plain spends of the same one, in turn, on the same database. */
export async function besideConsume(
  setting: Setting,
  work: SpendWork,
  figures: Figures,
  prepare: (tenant: BenchTenant) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const postgres = await setting.postgres();
  return postgres.withDatabase('migrated', (url) =>
    withTenant(url, async (tenant) => {
      await addCustomers(tenant, 1);
      await prepare(tenant);
      const starting = [Program.start('load/spender', { nodeArgs: GATEWAY_NODE })] as const;
      return withPrograms(starting, async ([spender]) => {
        const asked = { callers: CALLERS[setting.size], counters: 1 };
        const spends = spendsOf(tenant, url, spender);
        const [own, peer] = [spends({ ...asked, work }), spends({ ...asked, work: 'consume' })];
        return { kind: 'RUN', rows: [await raceOf(setting, figures, own, peer)] };
      });
    }),
  );
}

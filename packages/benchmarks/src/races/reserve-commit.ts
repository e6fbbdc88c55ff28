import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { addCustomers, withTenant } from '../seed/tenant.js';
import { raceOf, spendsOf } from './spends.js';

/** As many as spend in consume-storage. */
const CALLERS: Readonly<Record<Size, number>> = { full: 2048, quick: 2048, smoke: 128 };

/** Both on one hot counter of the same database: a pair is two operations, the row of a reservation and its change. */
export const reserveCommit: Race = {
  name: 'reserve-commit',
  question: 'How many units can be held and then spent, beside plain spends?',
  async run(setting) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, 1);
        const starting = [Program.start('load/spender', { nodeArgs: GATEWAY_NODE })] as const;
        return withPrograms(starting, async ([spender]) => {
          const asked = { callers: CALLERS[setting.size], counters: 1 };
          const spends = spendsOf(tenant, url, spender);
          const row = await raceOf(
            setting,
            {
              race: 'reserve-commit',
              measure: 'pairs on one hot counter',
              unit: 'per s',
              against: 'consume on the same counter',
              goal: 0.4,
            },
            spends({ ...asked, work: 'pairs' }),
            spends({ ...asked, work: 'consume' }),
          );
          return { kind: 'RUN', rows: [row] };
        });
      }),
    );
  },
};

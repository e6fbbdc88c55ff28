import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { CREW } from '../seed/catalog.js';
import { addCustomers, customerName, subscribe, withTenant } from '../seed/tenant.js';
import { raceOf, spendsOf } from './spends.js';

/** As many as spend in consume-storage; each has a seat of its own. */
const CALLERS: Readonly<Record<Size, number>> = { full: 2048, quick: 2048, smoke: 128 };

/** One pool and one counter of the same customer: a renewal writes its seat's row and no record. */
export const renewSeats: Race = {
  name: 'renew-seats',
  question: 'How many leases of floating seats are renewed, beside plain spends?',
  async run(setting) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, 1);
        await subscribe(tenant, customerName(1), CREW);
        const starting = [Program.start('load/spender', { nodeArgs: GATEWAY_NODE })] as const;
        return withPrograms(starting, async ([spender]) => {
          const asked = { callers: CALLERS[setting.size], counters: 1 };
          const spends = spendsOf(tenant, url, spender);
          const row = await raceOf(
            setting,
            {
              race: 'renew-seats',
              measure: 'floating seats of one pool',
              unit: 'renewals/s',
              against: 'consume of the same customer',
              goal: 0.5,
            },
            spends({ ...asked, work: 'renewals' }),
            spends({ ...asked, work: 'consume' }),
          );
          return { kind: 'RUN', rows: [row] };
        });
      }),
    );
  },
};

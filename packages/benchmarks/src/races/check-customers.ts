import type { Curve, Row } from '../harness/results.js';
import { rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { median } from '../harness/statistics.js';
import { askLoad, type LoadResult } from '../load/load.js';
import type { BenchPostgres } from '../processes/postgres.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Setting, Size } from '../race.js';
import { addCustomers, addUsageRecords, API_KEY, withTenant } from '../seed/tenant.js';

const CUSTOMERS: Readonly<Record<Size, readonly number[]>> = {
  full: [1000, 10_000, 100_000, 1_000_000],
  quick: [1000, 100_000],
  smoke: [100, 1000],
};
const RECORDS_EACH = 10;
/** Few enough that what is measured is an answer, and not the queue before it. */
const CONNECTIONS = 4;
/** Until the customers that are asked for all the time are known. */
const WARM_SECONDS: Readonly<Record<Size, number>> = { full: 20, quick: 5, smoke: 0 };

/**
 * The same gateway on databases of different sizes, one of each running. Customers are drawn as real traffic draws
 * them (Zipf, 0.99): few are asked for often, most hardly ever. Drawn evenly from a million, nearly every check is
 * of a customer that nobody has asked for before: that is shown, too, without a goal.
 */
export const checkCustomers: Race = {
  name: 'check-customers',
  question: 'Is a check as fast with a million customers and ten million usage records as with a thousand?',
  async run(setting) {
    const postgres = await setting.postgres();
    return withSizes(postgres, CUSTOMERS[setting.size], [], (sizes) =>
      withPrograms(
        [Program.start('load/http'), ...sizes.map(({ url }) => Program.startApp('gateway', url))] as const,
        async ([client, ...gateways]) => {
          const contenders = sizes.map(({ customers }, index) => ({ customers, gateway: gateways[index] }));
          const zipf = contenders.map(({ customers, gateway }) => side(setting, client, gateway, customers, 'zipf'));
          const even = contenders.map(({ customers, gateway }) => side(setting, client, gateway, customers, 'even'));
          for (const { warm } of zipf) await warm();
          await interleaved(setting.rounds, zipf.map(({ runs }) => runs));
          await interleaved(setting.rounds, even.map(({ runs }) => runs));
          return { kind: 'RUN', rows: [...rows('zipf', zipf), ...rows('even', even)], curves: curves(zipf, even) };
        },
      ),
    );
  },
};

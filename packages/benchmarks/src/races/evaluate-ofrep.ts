import { interleaved, Side } from '../harness/rounds.js';
import { type Figures, rowOf } from '../harness/results.js';
import { askCost, type LoadCost } from '../load/cost.js';
import { FLAG_BODY } from '../peers/constant.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';
import { addCustomers, API_KEY, withTenant } from '../seed/tenant.js';
import { askEverything, CHECKED_CUSTOMERS } from './check-http.js';

const CONNECTIONS = 64;

/** One flag per request, by the protocol of OpenFeature, its decision on record. The peer knows neither keys nor flags. */
export const evaluateOfrep: Race = {
  name: 'evaluate-ofrep',
  question: 'How many flags does one gateway evaluate, against a bare server of a constant?',
  async run({ size, seconds, warmSeconds, rounds, ...setting }) {
    const customers = CHECKED_CUSTOMERS[size];
    const asked = { kind: 'evaluate', customers, draw: 'even', seed: 1, apiKey: API_KEY } as const;
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, customers);
        const starting = [
          Program.start('load/http'),
          Program.startApp('gateway', url),
          Program.start('peers/fastify'),
        ] as const;
        return withPrograms(starting, async ([client, gateway, fastify]) => {
          const ask = (server: Program, constant: string | null) => (time: number) =>
            askCost(client, server, {
              connections: CONNECTIONS,
              seconds: time,
              workload: { ...asked, constant },
            });
          const [evaluate, answer] = [ask(gateway, null), ask(fastify, FLAG_BODY)];
          if (warmSeconds > 0) {
            await askEverything(await gateway.url, customers);
            for (const warm of [evaluate, answer]) await warm(warmSeconds);
          }
          const [own, peer] = [new Side(() => evaluate(seconds)), new Side(() => answer(seconds))];
          await interleaved(rounds, [own, peer]);
          const figures = (of: (result: LoadCost) => number): Omit<Figures, 'measure' | 'unit'> => ({
            race: 'evaluate-ofrep',
            own: own.results.map(of),
            peer: { name: 'bare Fastify, constant', values: peer.results.map(of) },
          });
          return {
            kind: 'RUN',
            rows: [
              rowOf({
                ...figures(({ perSecond }) => perSecond),
                ...{ measure: 'throughput', unit: 'flags/s' },
                goal: { bound: 'atLeast', ratio: 0.7 },
              }),
              rowOf({ ...figures(({ cpu }) => cpu), measure: "server's CPU for each", unit: 'us' }),
            ],
          };
        });
      }),
    );
  },
};

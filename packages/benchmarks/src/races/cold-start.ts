import { rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { askLoad } from '../load/load.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';
import { addCustomers, API_KEY, withTenant } from '../seed/tenant.js';

/** From the start of the process to the first right answer; the database is running. */
export const coldStart: Race = {
  name: 'cold-start',
  question: 'How long does a new gateway take to its first decision?',
  async run(setting) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, 100);
        return withPrograms([Program.start('load/http')] as const, async ([client]) => {
          const side = new Side(() => firstDecision(client, url));
          await interleaved(setting.rounds, [side]);
          const figures = { race: 'cold-start', unit: 'ms' };
          return {
            kind: 'RUN',
            rows: [
              rowOf({
                ...figures,
                measure: 'listening',
                own: side.results.map(({ listening }) => listening),
              }),
              rowOf({
                ...figures,
                measure: 'first decision',
                own: side.results.map(({ decided }) => decided),
              }),
            ],
          };
        });
      }),
    );
  },
};

/** Milliseconds since the start. */
interface Start {
  readonly listening: number;
  readonly decided: number;
}

async function firstDecision(client: Program, url: string): Promise<Start> {
  const began = performance.now();
  return withPrograms([Program.startApp('gateway', url)] as const, async ([gateway]) => {
    const urls = [await gateway.url];
    const listening = performance.now() - began;
    const workload = {
      kind: 'check',
      customers: 100,
      draw: 'even',
      seed: 1,
      apiKey: API_KEY,
      constant: null,
    } as const;
    await askLoad(client, { urls, connections: 1, seconds: 0, workload });
    return { listening, decided: performance.now() - began };
  });
}

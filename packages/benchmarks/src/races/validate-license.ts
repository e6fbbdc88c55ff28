import { askMeasure } from '../contenders/measure.js';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf } from '../harness/results.js';
import { askLoad } from '../load/load.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';
import { OWNED } from '../seed/catalog.js';
import { addCustomers, customerName, issueLicense, withTenant } from '../seed/tenant.js';

const CONNECTIONS = 64;

/** All of a validation, HTTP and decision included, beside the signature alone that is a part of it. */
export const validateLicense: Race = {
  name: 'validate-license',
  question: 'What does a signed answer to a shipped application cost, beside its signature?',
  async run(setting) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, 1);
        const key = await issueLicense(tenant, customerName(1), OWNED);
        const starting = [
          Program.start('load/http'),
          Program.startApp('gateway', url),
          Program.start('contenders/signature'),
        ] as const;
        return withPrograms(starting, async ([client, gateway, signature]) => {
          const workload = { kind: 'validate', key } as const;
          const validate = async (seconds: number): Promise<number> => {
            const urls = [await gateway.url];
            return (await askLoad(client, { urls, connections: CONNECTIONS, seconds, workload })).perSecond;
          };
          const sign = async (seconds: number): Promise<number> =>
            (await askMeasure(signature, seconds)).nanoseconds / 1000;
          if (setting.warmSeconds > 0) await validate(setting.warmSeconds);
          const own = new Side(() => validate(setting.seconds));
          const peer = new Side(() => sign(setting.seconds / 2));
          await interleaved(setting.rounds, [own, peer]);
          const row = rowOf({
            race: 'validate-license',
            measure: 'one validation over HTTP',
            unit: 'us',
            own: own.results.map((perSecond) => 1e6 / perSecond),
            peer: { name: 'one bare Ed25519 signature', values: peer.results },
          });
          return { kind: 'RUN', rows: [row] };
        });
      }),
    );
  },
};

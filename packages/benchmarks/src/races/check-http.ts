import { interleaved, Side } from '../harness/rounds.js';
import { rowOf, type Row } from '../harness/results.js';
import { askLoad, type LoadResult } from '../load/load.js';
import type { Workload } from '../load/workload.js';
import { CONSTANT_BODY } from '../peers/constant.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Setting, Size } from '../race.js';
import { FEATURES } from '../seed/catalog.js';
import { addCustomers, API_KEY, customerName, withTenant } from '../seed/tenant.js';

export const CHECKED_CUSTOMERS: Readonly<Record<Size, number>> = { full: 10_000, quick: 10_000, smoke: 500 };
const CONNECTIONS = 64;
const APOLLO = 'Apollo Server standalone, constant';
const MERCURIUS = 'Mercurius with JIT, constant';

/** One check per request. The peers know no customers, keys or rules: they answer a constant. */
export const checkHttp: Race = {
  name: 'check-http',
  question: 'How many checks does one gateway answer, against servers that decide nothing?',
  run: (setting) =>
    withCheckServers(setting, async ({ gateway, apollo, mercurius }) => {
      const seconds = setting.seconds;
      const own = new Side(() => gateway(CONNECTIONS, seconds));
      const constant = new Side(() => apollo(CONNECTIONS, seconds));
      const compiled = new Side(() => mercurius(CONNECTIONS, seconds));
      for (const warm of [gateway, apollo, mercurius])
        if (setting.warmSeconds > 0) await warm(CONNECTIONS, setting.warmSeconds);
      await interleaved(setting.rounds, [own, constant, compiled]);
      return {
        kind: 'RUN',
        rows: [
          throughput(own, APOLLO, constant, 3),
          p99(own, APOLLO, constant, { bound: 'atMost', ratio: 1 }),
          throughput(own, MERCURIUS, compiled, 1),
          p99(own, MERCURIUS, compiled, null),
        ],
      };
    }),
};

function throughput(own: Side<LoadResult>, name: string, peer: Side<LoadResult>, goal: number): Row {
  return rowOf({
    race: 'check-http',
    measure: 'throughput',
    unit: 'checks/s',
    own: own.results.map(({ perSecond }) => perSecond),
    peer: { name, values: peer.results.map(({ perSecond }) => perSecond) },
    goal: { bound: 'atLeast', ratio: goal },
  });
}

function p99(own: Side<LoadResult>, name: string, peer: Side<LoadResult>, goal: Row['goal']): Row {
  return rowOf({
    race: 'check-http',
    measure: 'p99',
    unit: 'ms',
    own: own.results.map((result) => result.p99),
    peer: { name, values: peer.results.map((result) => result.p99) },
    goal,
  });
}

/** Asks one of the servers over so many connections for so long. */
export type Ask = (connections: number, seconds: number) => Promise<LoadResult>;

const CHECKS_AT_ONCE = 1000;

/** Every feature of every customer, once: what is measured afterwards is a gateway that has been running. */
export async function askEverything(url: string, customers: number): Promise<void> {
  const numbers = Array.from({ length: customers }, (_, index) => index + 1);
  return askAbout(url, numbers, FEATURES);
}

/** These features of these customers, once. */
export async function askAbout(
  url: string,
  customers: readonly number[],
  features: readonly string[],
): Promise<void> {
  const query = 'query Warm($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { customerId } }';
  const atOnce = Math.floor(CHECKS_AT_ONCE / features.length);
  for (let first = 0; first < customers.length; first += atOnce) {
    const inputs = customers
      .slice(first, first + atOnce)
      .flatMap((n) => features.map((feature) => ({ customerId: customerName(n), feature })));
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ query, variables: { inputs } }),
    });
    const text = await response.text();
    if (text.includes('"errors"')) throw new Error(`a gateway does not get warm: ${text.slice(0, 500)}`);
  }
}

/** The three servers and their client, each a process; the gateway on a database with customers. */
export async function withCheckServers<T>(
  setting: Setting,
  work: (servers: { gateway: Ask; apollo: Ask; mercurius: Ask }) => Promise<T>,
): Promise<T> {
  const customers = CHECKED_CUSTOMERS[setting.size];
  const checks = { kind: 'check', customers, draw: 'even', seed: 1, apiKey: API_KEY } as const;
  const postgres = await setting.postgres();
  return postgres.withDatabase('migrated', (url) =>
    withTenant(url, async (tenant) => {
      await addCustomers(tenant, customers);
      const starting = [
        Program.start('load/http'),
        Program.startApp('gateway', url),
        Program.start('peers/apollo'),
        Program.start('peers/mercurius'),
      ] as const;
      return withPrograms(starting, async ([client, gateway, apollo, mercurius]) => {
        if (setting.warmSeconds > 0) await askEverything(await gateway.url, customers);
        const ask =
          (server: Program, workload: Workload): Ask =>
          async (connections, seconds) =>
            askLoad(client, { urls: [await server.url], connections, seconds, workload });
        return work({
          gateway: ask(gateway, { ...checks, constant: null }),
          apollo: ask(apollo, { ...checks, constant: CONSTANT_BODY }),
          mercurius: ask(mercurius, { ...checks, constant: CONSTANT_BODY }),
        });
      });
    }),
  );
}

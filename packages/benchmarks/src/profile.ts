/**
 * `npm run profile`: the check race on a gateway that V8 watches, and the functions that took the time. With `-- evaluate` checks
 * are asked as flags, by OFREP.
 */
import 'reflect-metadata';
import { hotSpots } from './harness/cpu-profile.js';
import { askLoad } from './load/load.js';
import { startPostgres } from './processes/postgres.js';
import { Program, withPrograms } from './processes/program.js';
import { askEverything } from './races/check-http.js';
import { addCustomers, API_KEY, withTenant } from './seed/tenant.js';

const CUSTOMERS = 10_000;
const CONNECTIONS = 64;
const WARM_SECONDS = 4;
const SECONDS = 10;
const SHOWN = 30;
const WORKLOAD = {
  kind: process.argv.includes('evaluate') ? 'evaluate' : 'check',
  customers: CUSTOMERS,
  draw: 'even',
  seed: 1,
  apiKey: API_KEY,
  constant: null,
} as const;

/** Only what a gateway does that has been running for a while: its start and its first reads are not what is asked. */
async function main(): Promise<void> {
  const postgres = await startPostgres();
  try {
    await postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, CUSTOMERS);
        await watch(url);
      }),
    );
  } finally {
    await postgres.stop();
  }
}

async function watch(url: string): Promise<void> {
  const starting = [Program.start('load/http'), Program.startApp('gateway', url)] as const;
  await withPrograms(starting, async ([client, gateway]) => {
    const target = await gateway.url;
    await askEverything(target, CUSTOMERS);
    const load = { urls: [target], connections: CONNECTIONS, workload: WORKLOAD };
    await askLoad(client, { ...load, seconds: WARM_SECONDS });
    await gateway.ask('watch');
    const { perSecond } = await askLoad(client, { ...load, seconds: SECONDS });
    process.stdout.write(`${perSecond.toFixed(0)} checks/s while watched; time of their own:\n`);
    for (const { share, name, place } of hotSpots(String(await gateway.ask('watched')), SHOWN))
      process.stdout.write(`${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${place}\n`);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});

/** `npm run profile`: the check race on a gateway that V8 watches, and the functions that took the time. */
import 'reflect-metadata';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hotSpots } from './harness/cpu-profile.js';
import { askLoad } from './load/load.js';
import { startPostgres } from './processes/postgres.js';
import { Program, withPrograms } from './processes/program.js';
import { addCustomers, API_KEY, withTenant } from './seed/tenant.js';

const CUSTOMERS = 10_000;
const CONNECTIONS = 64;
const SECONDS = 15;
const SHOWN = 25;

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'licet-profile-'));
  const postgres = await startPostgres();
  try {
    await postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, CUSTOMERS);
        await watch(url, folder);
      }),
    );
    const [file = ''] = await readdir(folder);
    for (const { share, name, place } of hotSpots(await readFile(path.join(folder, file), 'utf8'), SHOWN))
      process.stdout.write(`${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${place}\n`);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The profile is written when the gateway ends. */
async function watch(url: string, folder: string): Promise<void> {
  const nodeArgs = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  const starting = [Program.start('load/http'), Program.startApp('gateway', url, { nodeArgs })] as const;
  await withPrograms(starting, async ([client, gateway]) => {
    const workload = {
      kind: 'check',
      customers: CUSTOMERS,
      draw: 'even',
      seed: 1,
      apiKey: API_KEY,
      constant: null,
    } as const;
    const result = await askLoad(client, {
      urls: [await gateway.url],
      connections: CONNECTIONS,
      seconds: SECONDS,
      workload,
    });
    process.stdout.write(`${result.perSecond.toFixed(0)} checks/s while watched; time of their own:\n`);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { checks, events, trial, upgrade, usage, type Tour } from './tour/chapters.js';
import { TourClient } from './tour/client.js';
import { readTourAccess, type TourAccess } from './tour/environment.js';
import { narrator } from './tour/narrator.js';

export interface TourOptions extends TourAccess {
  readonly print: (line: string) => void;
}

/**
 * Shows the running system: a check, a live upgrade, usage up to its limit, a trial that ends, and their events.
 * Each run makes customers of its own. TourError where anything is not as it should be.
 */
export async function runTour({ url, apiKey, print }: TourOptions): Promise<void> {
  const client = new TourClient({ url, apiKey });
  const customerId = `tour-${randomUUID().slice(0, 8)}`;
  const tour: Tour = { client, tell: narrator(print), customerId, trialCustomerId: `${customerId}-trial` };
  try {
    const subscriptionId = await checks(tour);
    await upgrade(tour, subscriptionId);
    await usage(tour);
    await trial(tour);
    await events(tour);
  } finally {
    await client.close();
  }
}

async function main(): Promise<void> {
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const access = await readTourAccess(process.env, path.resolve(__dirname, '../../..'));
  print(`A tour of Licet at ${access.url}`);
  await runTour({ ...access, print });
  print('');
  print('That was all of it. Run it again: it makes new customers each time.');
}

// `npm run tour` runs this file; a test imports it.
if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}

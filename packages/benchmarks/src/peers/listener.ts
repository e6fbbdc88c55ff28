/** Hears of each commit that the notifier makes. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { machineClock, parseOpenOrder, type Received } from '../load/live.js';
import { announce, answerParent } from '../processes/answers.js';

const TAKE_WITHIN_MILLISECONDS = 30_000;
let received: Received = [];

async function open(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  // The database is deleted at the end, with whoever is connected.
  client.on('error', () => undefined);
  client.on('notification', ({ payload = '' }) => received.push({ id: payload, at: machineClock() }));
  await client.query('listen change');
}

async function take(count: number): Promise<Received> {
  const until = performance.now() + TAKE_WITHIN_MILLISECONDS;
  while (received.length < count && performance.now() < until) await delay(5);
  const all = received;
  received = [];
  return all;
}

answerParent({
  open: (input) => open(parseOpenOrder(input).url),
  take: (input) => take(Number(input)),
});
announce();

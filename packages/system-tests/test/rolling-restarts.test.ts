import { setTimeout as delay } from 'node:timers/promises';
import { currentRevision, parseRevision, positionOf } from '@licet/database';
import { createTestCustomer } from '@licet/database/testing';
import { RestartFollower, type Told } from '../src/restarts/follower.js';
import { type RunningGateway, type RunningSystem, startSystem } from '../src/system.js';

/** Of a long run; otherwise a moment. */
const MILLISECONDS = Number(process.env['LICET_RESTART_SECONDS'] ?? 12) * 1000;
/** Times that a gateway is killed for certain while it reads history for somebody who resumes. */
const KILLS_IN_RESUME = process.env['LICET_RESTART_SECONDS'] === undefined ? 3 : 10;
const GATEWAYS = 3;
/** So many follow everything, and so many one of the customers each. */
const OF_ALL = 20;
const OF_ONE = 180;
const CUSTOMERS = 20;
const EVERY_MILLISECONDS = 10;

let system: RunningSystem;
/** Those that a balancer would send somebody to. */
let running: RunningGateway[];
const followers: RestartFollower[] = [];
let writer: Writer | null = null;

beforeAll(async () => {
  system = await startSystem(Array.from({ length: GATEWAYS }, () => ({})));
  running = [...system.gateways];
  for (let index = 0; index < CUSTOMERS; index += 1)
    await createTestCustomer(system.tenant, `c-${String(index)}`);
});
afterAll(async () => {
  await writer?.stop();
  await Promise.all(followers.map((follower) => follower.close()));
  await system.close();
});

function anyOf<T>(all: readonly T[]): T {
  const one = all[Math.floor(Math.random() * all.length)];
  if (one === undefined) throw new Error('there is none');
  return one;
}

/** Writes a running number into one customer after the other, through whatever gateway there is, until told to stop. */
class Writer {
  number = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor() {
    this.#done = this.#write();
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const [next] = await Promise.all([this.#writeNext(), delay(EVERY_MILLISECONDS)]);
      if (next) this.number += 1;
    }
  }

  /** One that was not answered may be written: it is sent again, and then changes nothing. */
  async #writeNext(): Promise<boolean> {
    const input = { id: `c-${String(this.number % CUSTOMERS)}`, attributes: { number: this.number } };
    return anyOf(running)
      .client.send(
        'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
        { input },
        AbortSignal.timeout(5000),
      )
      .then(
        () => true,
        () => false,
      );
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }
}

/** Nobody is sent to it any more; by SIGTERM it is to end well. */
async function stop(gateway: RunningGateway, signal: NodeJS.Signals): Promise<void> {
  running = running.filter((one) => one !== gateway);
  await gateway.stop(signal);
  expect([signal, gateway.child.exitCode, gateway.child.signalCode]).toEqual(
    signal === 'SIGTERM' ? [signal, 0, null] : [signal, null, signal],
  );
}

function urlOf({ client }: RunningGateway): string {
  return client.url.replace('http', 'ws');
}

/**
 * One gateway goes, and some of those who followed it come to another that is new and keeps back the first history that it reads: it is
 * killed while somebody resumes there. Another subscriber, who wants all from `start` on, comes there first, so somebody does.
 */
async function restartAndKillInResume(start: string): Promise<void> {
  const leaving = anyOf(running);
  const [held, next] = await Promise.all([
    system.startGateway({ held: 'read-history' }),
    system.startGateway(),
  ]);
  running = [...running, held];
  const url = (): string => urlOf(running.includes(held) ? held : anyOf(running));
  followers.push(new RestartFollower(url, start, null));
  await stop(leaving, anyOf(['SIGTERM', 'SIGKILL'] as const));
  await held.held;
  await stop(held, 'SIGKILL');
  running = [...running, next];
}

/** The listed events after a position, as the table has them. */
async function eventsAfter(cursor: string): Promise<Told[]> {
  const { rows } = await system.owner.query<Told>(
    `select lpad(to_hex(position), 16, '0') || '-' || encode(substring(leaf_hash for 4), 'hex') as cursor, customer_id as "customerId"
     from event where listed and position > $1 order by position`,
    [positionOf(parseRevision(cursor)!)],
  );
  return rows;
}

test(
  'gateways are killed and restarted, some while somebody resumes, and every subscriber is told of every event once, in order',
  async () => {
    const start = await currentRevision(system.tenant.db, system.tenant.caller.tenantId);
    const url = (): string => urlOf(anyOf(running));
    for (let index = 0; index < OF_ALL; index += 1) followers.push(new RestartFollower(url, start, null));
    for (let index = 0; index < OF_ONE; index += 1)
      followers.push(new RestartFollower(url, start, `c-${String(index % CUSTOMERS)}`));
    const writing = (writer = new Writer());
    const begun = Date.now();
    let killsInResume = 0;
    while (killsInResume < KILLS_IN_RESUME || Date.now() - begun < MILLISECONDS) {
      await restartAndKillInResume(start);
      killsInResume += 1;
    }
    await writing.stop();
    const events = await eventsAfter(start);
    expect(events.length).toBeGreaterThanOrEqual(writing.number);
    for (const follower of followers) {
      const { customerId } = follower;
      const wanted = events.filter((event) => customerId === null || event.customerId === customerId);
      await follower.until(wanted.at(-1)?.cursor ?? start);
      expect(follower.told).toEqual(wanted);
    }
    const connections = followers.reduce((total, follower) => total + follower.connections, 0);
    console.log(
      `${String(Math.round((Date.now() - begun) / 1000))} s: ${String(events.length)} events, ${String(killsInResume)} restarts and as many kills during a resume, ${String(followers.length)} subscribers who came ${String(connections)} times`,
    );
  },
  MILLISECONDS * 3 + 300_000,
);

import { EventFeed, ORIGIN, StateStore } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  openTestDatabase,
  type OwnTenant,
  subscribeTo,
  SwallowingNetwork,
} from '@licet/database/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { lookByNotify } from '../src/event-log/look-signal.js';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}

test('a history that was replaced by one with as many events is noticed, though nothing follows it', async () => {
  const customerId = await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free');
  const feed = new EventFeed(tenant.db);
  await feed.start();
  const states = new StateStore(tenant.db, feed, { customers: 10 });
  try {
    await states.load(tenant.caller.tenantId, customerId);
    expect(states.size).toBe(1);
    // As after a restore: at the last position there stands another event.
    await tenant.owner.query('alter table event disable trigger all');
    await tenant.owner.query(
      `update event set leaf_hash = sha256('other') where position = (select max(position) from event)`,
    );
    await until(() => states.size === 0);
  } finally {
    states.close();
    await feed.stop();
  }
});

test('a network that swallows everything is an outage, and is found to be back by itself', async () => {
  const network = await SwallowingNetwork.to(tenant.url);
  const db = await openTestDatabase(network.url);
  const feed = new EventFeed(db);
  await feed.start();
  try {
    expect(feed.reachable).toBe(true);
    network.swallow();
    await until(() => !feed.reachable);
    network.carryOn();
    await until(() => feed.reachable);
  } finally {
    await feed.stop();
    await db.close();
    network.close();
  }
});

test('however many resume, they leave most connections to who asks something', async () => {
  await createTestCustomer(tenant, 'cleo');
  const { pool } = tenant.db;
  const feed = new EventFeed(tenant.db);
  await feed.start();
  let most = 0;
  const count = (): void => {
    most = Math.max(most, pool.totalCount - pool.idleCount);
  };
  pool.on('acquire', count);
  try {
    const { rows } = await tenant.owner.query('select from event');
    const resumed = Array.from({ length: 200 }, () => feed.follow(tenant.caller.tenantId, ORIGIN));
    for (const result of await Promise.all(resumed)) {
      if (!result.ok) throw new Error(result.message);
      for (const _ of rows) expect((await result.events.next()).done).toBe(false);
      await result.events.return?.();
    }
    // Three that resume, the poll, and the reader of what is new.
    expect(most).toBeLessThanOrEqual(5);
    expect(pool.options.max).toBe(20);
  } finally {
    pool.off('acquire', count);
    await feed.stop();
  }
});

test('a signal that does not wait for the disk leaves a connection on which the next commit does', async () => {
  const pool = new Pool({ connectionString: tenant.db.url, max: 1, options: '-c synchronous_commit=on' });
  try {
    await lookByNotify(pool)([tenant.caller.tenantId]);
    const { rows } = await pool.query('show synchronous_commit');
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  } finally {
    await pool.end();
  }
});

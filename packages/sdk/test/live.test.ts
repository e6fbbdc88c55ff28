import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Client, ClientOptions } from '@licet/sdk';
import { explain } from '@licet/sdk/explanation';
import { BackOff } from '../src/back-off.js';
import { Credential } from '../src/credential.js';
import { Follower } from '../src/follow.js';
import { codeOf } from '../testing/code-of.js';
import { statePayload } from '../testing/signer.js';
import { Site } from '../testing/site.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

function follow(options: Partial<ClientOptions> = {}): Promise<Client> {
  return site.start({ live: true, ...options });
}

test('what changes is there as soon as the gateway tells of it', async () => {
  const client = await follow();
  await until(() => client.status.source === 'live');
  expect(client.check('editor')).toMatchObject({ code: 'ENTITLED', source: 'live' });
  let calls = 0;
  const stop = client.onChange(() => (calls += 1));
  site.gateway.state = statePayload({ editor: false });
  site.gateway.tell('1');
  await until(() => client.check('editor').code === 'NOT_IN_PLAN' && client.status.source === 'live');
  expect(calls).toBeGreaterThan(0);
  stop();
  const before = calls;
  site.gateway.state = statePayload();
  site.gateway.tell('2');
  await until(() => client.check('editor').code === 'ENTITLED');
  expect(calls).toBe(before);
});

test('after a cut it goes on at its cursor, and its answers are no longer called live meanwhile', async () => {
  const client = await follow();
  await until(() => client.status.source === 'live');
  const asked = site.gateway.requests.length;
  site.gateway.tell('7');
  await until(() => site.gateway.requests.length > asked && client.status.source === 'live');
  await site.gateway.down();
  await until(() => client.check('sso').source === 'cache');
  site.gateway.state = statePayload({ editor: false });
  await site.gateway.up();
  await until(() => site.gateway.followers === 1);
  expect(site.gateway.cursors.at(-1)).toBe('7');
  // Nobody has told of it: whoever comes back asks.
  await until(() => client.check('editor').code === 'NOT_IN_PLAN');
});

test('a cursor that the log no longer has is dropped', async () => {
  const client = await follow();
  await until(() => client.status.source === 'live');
  const asked = site.gateway.requests.length;
  site.gateway.tell('gone');
  await until(() => site.gateway.requests.length > asked);
  site.gateway.tellErrors('CURSOR_EXPIRED');
  await until(() => site.gateway.cursors.length === 2);
  expect(site.gateway.cursors[1]).toBeNull();
});

test('what is known to have changed is not called live until it is here', async () => {
  let answer: () => void = () => undefined;
  let held: Promise<void> | null = null;
  const client = await follow({
    fetch: async (url, init) => {
      if (typeof url === 'string' && url.includes('/v1/snapshot')) await held;
      return fetch(url, init);
    },
  });
  await until(() => client.status.source === 'live');
  await client.refresh();
  held = new Promise((resolve) => (answer = resolve));
  site.gateway.tell('1');
  await until(() => client.check('sso').source === 'cache');
  answer();
  await until(() => client.check('sso').source === 'live');
});

describe('whoever is connected and soon cut off', () => {
  class Watched extends BackOff {
    waits: number[] = [];
    resets = 0;

    override next(): number {
      const wait = super.next();
      this.waits.push(wait);
      return wait / 1_000;
    }

    override reset(): void {
      this.resets += 1;
      super.reset();
    }
  }

  function watch(backOff: Watched, onConnected: (follower: () => Follower) => void): Follower {
    const follower: Follower = new Follower({
      ...{
        url: site.gateway.url,
        credential: new Credential('lk_x', 10_000),
        customerId: 'ada',
        fetch,
        backOff,
      },
      ...{
        onConnected: () => onConnected(() => follower),
        onChange: () => undefined,
        onCut: () => undefined,
      },
    });
    return follower;
  }

  const nothing = (): void => undefined;

  test('by a refusal waits longer each time', async () => {
    site.gateway.refusal = 'FORBIDDEN';
    const backOff = new Watched(() => 1, 60_000);
    const follower = watch(backOff, nothing);
    await until(() => backOff.waits.length === 6);
    follower.stop();
    expect(backOff.waits.slice(0, 6)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  test('for want of answers to other requests waits longer each time, too', async () => {
    const backOff = new Watched(() => 1, 60_000);
    const follower = watch(backOff, (connected) => connected().reconnect());
    await until(() => backOff.waits.length === 4);
    follower.stop();
    expect(backOff.waits.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
  });

  test('comes again soon after a connection that has lasted', async () => {
    const backOff = new Watched(() => 1, 50);
    const follower = watch(backOff, nothing);
    await until(() => backOff.resets === 1);
    follower.reconnect();
    await until(() => site.gateway.cursors.length === 2);
    follower.stop();
  });
});

test('the status is one object until something changes, and time alone is a change', async () => {
  const client = await site.start();
  const { status } = client;
  expect(client.status).toBe(status);
  let calls = 0;
  client.onChange(() => (calls += 1));
  site.time += 12_000;
  expect(client.status).not.toBe(status);
  expect(client.status.phase).toBe('stale');
  await until(() => calls > 0);
});

test('a listener that another one has stopped is not called any more', async () => {
  const client = await site.start();
  const heard: string[] = [];
  client.onChange(() => {
    heard.push('first');
    stop();
  });
  const stop = client.onChange(() => heard.push('stopped'));
  client.onChange(() => heard.push('last'));
  await client.refresh();
  await until(() => heard.includes('last'));
  expect(heard).not.toContain('stopped');
});

test('a listener that throws is heard of, and keeps nothing from the others', () => {
  const program = `
    import { createClient } from '@licet/sdk';
    const client = createClient({ url: 'http://127.0.0.1:1', apiKey: 'lk_service_test', customerId: 'ada', live: false });
    process.on('uncaughtException', ({ message }) => console.log(message));
    client.onChange(() => { throw new Error('thrown'); });
    client.onChange(() => console.log('called'));
    await client.ready;
    await client.close();`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: path.join(__dirname, '..'),
    encoding: 'utf8',
  });
  expect(said).toMatch(/^(thrown\ncalled\n)+$/);
});

test('a listener hears that a snapshot is fresh no more, by time alone', async () => {
  site.time = Date.now();
  const client = await site.start({ now: Date.now });
  // Seen by the listener itself: the gateway is asked at once, and may have made it fresh again a moment later.
  const phases: string[] = [];
  client.onChange(() => phases.push(client.status.phase));
  await until(() => phases.includes('stale'));
});

test('a listener hears that an answer that was given is over, and nobody else has to tell', async () => {
  site.time = Date.parse('2027-01-01T00:00:00Z') - 200;
  const client = await site.start();
  expect(client.check('calls').validUntil).toBe(site.time + 200);
  const asked = site.gateway.requests.length;
  const askedWhenHeard: number[] = [];
  client.onChange(() => askedWhenHeard.push(site.gateway.requests.length));
  site.time += 200;
  await until(() => askedWhenHeard.length > 0);
  expect(askedWhenHeard[0]).toBe(asked);
});

test('an explanation rests on what the check rests on', async () => {
  const client = await site.start();
  const explanation = explain(client, 'calls', { quantity: 101 });
  expect(explanation.decision.code).toBe(client.check('calls', { quantity: 101 }).code);
  expect(explanation.reasons[0]?.code).toBe('LIMIT_EXCEEDED');
  site.time += 35_000;
  await site.gateway.down();
  expect(explain(client, 'sso').decision.code).toBe('ENTITLED_GRACE');
  site.time += 60_000;
  expect(explain(client, 'sso').decision.code).toBe('UNAVAILABLE');
});

test('without a snapshot there is nothing to explain', async () => {
  await site.gateway.down();
  const client = await site.start();
  expect(codeOf(() => explain(client, 'sso'))).toBe('UNAVAILABLE');
});

import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import type { Client } from '@licet/sdk';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { findChromium, startChromium } from '../src/browser/chromium.js';
import { PageServer } from '../src/browser/page-server.js';
import { type RunningGateway, type RunningSystem, startSystem } from '../src/system.js';

/** On `free`, snapshots live for six seconds; on `pro`, for days. */
const CATALOG = {
  ...TEST_CATALOG,
  features: {
    ...TEST_CATALOG.features,
    projects: { ...TEST_CATALOG.features.projects, whenUnknown: 'open' },
  },
  plans: {
    ...TEST_CATALOG.plans,
    free: { ...TEST_CATALOG.plans.free, offline: { refreshAfter: 'PT2S', staleFor: 'PT2S', grace: 'PT2S' } },
  },
};

const program = findChromium();
/** Without the program they count as skipped, which CI takes for a failure. */
const inChromium = program === null ? describe.skip : describe;

inChromium('in Chromium', () => {
  let browser: Browser;
  let pages: PageServer;
  let system: RunningSystem;
  let gateway: RunningGateway;
  let settings: Readonly<Record<string, string>>;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  /** Of what has started, also where something after it has not. */
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    pages = await PageServer.start();
    stops.push(() => pages.stop());
    browser = await startChromium(program ?? '');
    stops.push(() => browser.close());
    settings = { LICET_ALLOWED_ORIGINS: pages.origin };
    system = await startSystem([{ settings }], undefined, CATALOG);
    stops.push(() => system.close());
    gateway = system.gateways[0]!;
  });
  afterAll(async () => {
    await Promise.all(stops.map((stop) => stop()));
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    faults = [];
    page.on('pageerror', (error) => faults.push(error.message));
  });
  afterEach(() => context.close());

  async function open(customerId: string, path = ''): Promise<void> {
    const data: { createCustomerToken?: { token: string } } = await gateway.client.send(
      `mutation ($input: CreateCustomerTokenInput!) { createCustomerToken(input: $input) { token } }`,
      { input: { customerId } },
    );
    const query = { gateway: new URL(gateway.client.url).origin, token: data.createCustomerToken!.token };
    await page.goto(`${pages.origin}/${path}?${new URLSearchParams(query).toString()}`);
  }

  function shows(text: string): Promise<void> {
    return page.getByText(text, { exact: true }).waitFor();
  }

  async function commits(feature: string): Promise<number> {
    return Number(await page.locator(`#${feature}`).getAttribute('data-commits'));
  }

  function status(): Promise<Client['status']> {
    return page.evaluate(() => globalThis.licet.status);
  }

  async function restart(): Promise<void> {
    gateway = await system.startGateway({ settings, port: Number(new URL(gateway.client.url).port) });
  }

  test('a page changes when the plan does, and goes on deciding after a reload while the gateway is down', async () => {
    await createTestCustomer(system.tenant, 'ada');
    const { id } = await subscribeTo(system.tenant, 'ada', 'free');
    await open('ada');
    await shows('sso: NOT_IN_PLAN live 0');
    await shows('upgrade');
    await gateway.client.changePlan(id, 'pro', 'up');
    await shows('sso: ENTITLED live 0');
    await shows('welcome');
    const { counter } = await status();

    await gateway.stop('SIGKILL');
    await page.reload();
    await shows('sso: ENTITLED kept 0');
    await shows('welcome');
    expect(await status()).toMatchObject({ phase: 'fresh', source: 'kept', counter, starts: 2 });
    const kinds = (await status()).problems.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'GATEWAY_FAILED')).toEqual([]);

    await restart();
    await shows('sso: ENTITLED live 0');
    await gateway.client.changePlan(id, 'free', 'down');
    await shows('sso: NOT_IN_PLAN live 0');
    expect(faults).toEqual([]);
  });

  test('a component is rendered again by its own answer alone', async () => {
    await createTestCustomer(system.tenant, 'ben');
    await subscribeTo(system.tenant, 'ben', 'pro');
    await open('ben');
    await shows('sso: ENTITLED live 0');
    await shows('calls: ENTITLED live 0');
    const before = { sso: await commits('sso'), calls: await commits('calls') };
    for (const key of ['1', '2']) {
      await gateway.client.consume('ben', 'calls', key);
      await page.evaluate(() => globalThis.licet.refresh());
      await shows(`calls: ENTITLED live ${key}`);
    }
    expect({ sso: await commits('sso'), calls: await commits('calls') }).toEqual({
      sso: before.sso,
      calls: before.calls + 2,
    });
    expect(faults).toEqual([]);
  });

  test('in StrictMode each component listens once, hears of changes, and of none when it is gone', async () => {
    await createTestCustomer(system.tenant, 'fay');
    const { id } = await subscribeTo(system.tenant, 'fay', 'free');
    const COMPONENTS = 4;
    // Some time after what is shown React begins to listen, and ceases.
    const listeners = async (live: number) => {
      await page.waitForFunction((some) => globalThis.strict.listeners.live === some, live);
      return page.evaluate(() => ({ ...globalThis.strict.listeners }));
    };
    await open('fay', 'strict');
    await shows('sso: NOT_IN_PLAN live 0');
    // Each is mounted, taken away, and mounted again.
    expect(await listeners(COMPONENTS)).toMatchObject({ begun: 2 * COMPONENTS });
    await gateway.client.changePlan(id, 'pro', 'strict up');
    await shows('sso: ENTITLED live 0');
    await shows('welcome');

    await page.evaluate(() => globalThis.strict.hide());
    const gone = await listeners(0);
    const { counter } = await status();
    await gateway.client.changePlan(id, 'free', 'strict down');
    await page.waitForFunction((before) => globalThis.licet.status.counter !== before, counter);
    expect(await listeners(0)).toEqual(gone);

    await page.evaluate(() => globalThis.strict.show());
    await shows('sso: NOT_IN_PLAN live 0');
    expect(await listeners(COMPONENTS)).toMatchObject({ begun: 4 * COMPONENTS });
    await gateway.client.changePlan(id, 'pro', 'strict up again');
    await shows('sso: ENTITLED live 0');
    expect(faults).toEqual([]);
  });

  test('time alone changes what is shown, by the rule of each feature', async () => {
    await createTestCustomer(system.tenant, 'cleo');
    await subscribeTo(system.tenant, 'cleo', 'free');
    await open('cleo');
    await shows('calls: ENTITLED live 0');
    await gateway.stop('SIGKILL');
    await shows('calls: ENTITLED_GRACE cache 0');
    await shows('calls: UNAVAILABLE fallback 0');
    await shows('projects: ENTITLED_FALLBACK fallback 0');
    await restart();
    await shows('calls: ENTITLED live 0');
    expect(faults).toEqual([]);
  });

  test('where the browser has no space left, it is reported that nothing is kept, until there is', async () => {
    await createTestCustomer(system.tenant, 'eve');
    await subscribeTo(system.tenant, 'eve', 'pro');
    const browserSide = await context.newCDPSession(page);
    const { origin } = pages;
    await browserSide.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    await open('eve');
    await shows('sso: ENTITLED live 0');
    await page.waitForFunction(() =>
      globalThis.licet.status.problems.some(({ kind }) => kind === 'STORAGE_FAILED'),
    );
    expect(await page.evaluate(keptTexts, null)).toEqual([]);
    await browserSide.send('Storage.overrideQuotaForOrigin', { origin });
    await page.evaluate(() => globalThis.licet.refresh());
    await page.waitForFunction(() => globalThis.licet.status.problems.length === 0);
    expect(await page.evaluate(keptTexts, null)).toHaveLength(2);
    expect(faults).toEqual([]);
  });

  test('what another browser has kept is not read', async () => {
    await createTestCustomer(system.tenant, 'dan');
    await subscribeTo(system.tenant, 'dan', 'pro');
    await open('dan');
    await shows('sso: ENTITLED live 0');
    const texts = await page.evaluate(keptTexts, null);
    expect(texts.map(([name]) => name.split('.').at(-1))).toEqual(['seen', 'snapshot']);
    const url = page.url();
    await context.close();
    await gateway.stop('SIGKILL');
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(url);
    await shows('sso: UNAVAILABLE fallback 0');
    await page.evaluate(keptTexts, texts);
    await page.reload();
    await shows('sso: UNAVAILABLE fallback 0');
    expect((await status()).problems.map(({ kind }) => kind)).toContain('FOREIGN_STORAGE');
    await restart();
    await shows('sso: ENTITLED live 0');
  });
});

/** In the page: the texts of its storage, after these have been put there. */
async function keptTexts(put: readonly (readonly [string, string])[] | null): Promise<[string, string][]> {
  const done = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error(request.error?.message));
    });
  const database = await done(indexedDB.open('licet'));
  const store = database.transaction('texts', 'readwrite').objectStore('texts');
  for (const [name, text] of put ?? []) store.put(text, name);
  const [names, texts] = await Promise.all([done(store.getAllKeys()), done<unknown[]>(store.getAll())]);
  database.close();
  return names.map((name, index) => [typeof name === 'string' ? name : '', String(texts[index])]);
}

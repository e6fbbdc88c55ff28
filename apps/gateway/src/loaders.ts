import DataLoader from 'dataloader';
import {
  closedWindows,
  findCustomers,
  findSubscriptions,
  liveRelease,
  loadStates,
  subscriptionsOf,
  type Customer,
  type Database,
  type Revision,
  type UsageBucket,
} from '@licet/database';
import type {
  CustomerId,
  CustomerState,
  FeatureKey,
  Instant,
  Release,
  Subscription,
  SubscriptionId,
  TenantId,
} from '@licet/domain';

/** A customer's state with the revision that it was read at and the database's clock then. */
export interface StampedState {
  readonly state: CustomerState;
  readonly revision: Revision;
  readonly asOf: Instant;
}

export interface WindowsKey {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly first: number;
}

/** One set for each request, and for each event of a subscription: what is read twice is read once. */
export interface Loaders {
  readonly states: DataLoader<CustomerId, StampedState>;
  readonly customers: DataLoader<CustomerId, Customer | null>;
  readonly subscriptions: DataLoader<SubscriptionId, Subscription | null>;
  readonly liveSubscriptions: DataLoader<CustomerId, Subscription[]>;
  readonly allSubscriptions: DataLoader<CustomerId, Subscription[]>;
  readonly closedWindows: DataLoader<WindowsKey, UsageBucket[], string>;
  release(): Promise<Release>;
}

const BATCH_MAX = 1000;

export function createLoaders(db: Database, tenantId: TenantId): Loaders {
  const hold = oneRelease();
  return {
    states: batched((ids) => statesOf(db, tenantId, ids, hold)),
    customers: batched(async (ids) => inOrder(ids, await findCustomers(db, tenantId, ids), null)),
    subscriptions: batched(async (ids) => inOrder(ids, await findSubscriptions(db, tenantId, ids), null)),
    liveSubscriptions: subscriptionsLoader(db, tenantId, false),
    allSubscriptions: subscriptionsLoader(db, tenantId, true),
    closedWindows: closedWindowsLoader(db, tenantId),
    release: once(async () => {
      const held = await hold(async (release) => ({ release: release ?? (await liveRelease(db, tenantId)) }));
      return held.release;
    }),
  };
}

function batched<K, V>(load: (keys: readonly K[]) => Promise<V[]>): DataLoader<K, V> {
  return new DataLoader<K, V>(load, { maxBatchSize: BATCH_MAX });
}

type HoldRelease = <T extends { readonly release: Release }>(
  load: (held: Release | null) => Promise<T>,
) => Promise<T>;

/** The release that the first load finds is that of all later ones: one request is decided by one release. */
function oneRelease(): HoldRelease {
  let held: Promise<Release> | null = null;
  return async (load) => {
    if (held) return load(await held);
    const loading = load(null);
    held = loading.then(({ release }) => release);
    // Its failure is told by `loading`; nobody may be waiting here.
    held.catch(() => undefined);
    return loading;
  };
}

async function statesOf(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  hold: HoldRelease,
): Promise<StampedState[]> {
  const { revision, asOf, states } = await hold((release) => loadStates(db, tenantId, ids, release));
  return ids.map((id) => {
    const state = states.get(id);
    if (!state) throw new Error(`no state was loaded for customer ${id}`);
    return { state, revision, asOf };
  });
}

function subscriptionsLoader(
  db: Database,
  tenantId: TenantId,
  ended: boolean,
): DataLoader<CustomerId, Subscription[]> {
  return batched(async (ids) =>
    inOrder<CustomerId, Subscription[]>(ids, await subscriptionsOf(db, tenantId, ids, { ended }), []),
  );
}

function closedWindowsLoader(
  db: Database,
  tenantId: TenantId,
): DataLoader<WindowsKey, UsageBucket[], string> {
  async function load(keys: readonly WindowsKey[]): Promise<UsageBucket[][]> {
    const first = Math.max(...keys.map((key) => key.first));
    const windows = await closedWindows(db, tenantId, keys, first);
    return keys.map((key, index) => (windows[index] ?? []).slice(0, key.first));
  }
  return new DataLoader(load, {
    maxBatchSize: BATCH_MAX,
    cacheKeyFn: (key) => JSON.stringify([key.customerId, key.feature, key.first]),
  });
}

function inOrder<K, V>(keys: readonly K[], found: ReadonlyMap<K, V>, missing: V): V[];
function inOrder<K, V>(keys: readonly K[], found: ReadonlyMap<K, V>, missing: null): (V | null)[];
function inOrder<K, V>(keys: readonly K[], found: ReadonlyMap<K, V>, missing: V | null): (V | null)[] {
  return keys.map((key) => found.get(key) ?? missing);
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => (loaded ??= load());
}

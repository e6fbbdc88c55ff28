import DataLoader from 'dataloader';
import {
  closedWindows,
  findCustomers,
  findLicenses,
  findSubscriptions,
  grantOwners,
  creditBlockOwners,
  type CreditBlockSearch,
  type GrantSearch,
  listCreditBlocks,
  listSeats,
  type OwnedBlock,
  type OwnedSeat,
  type SeatSearch,
  type Result,
  listGrants,
  listLicenses,
  listMachines,
  listMigrationProblems,
  type MigrationProblem,
  type Page,
  type ProblemSearch,
  type Refused,
  type PageRequest,
  type StoredGrant,
  type StoredLicense,
  subscriptionsOf,
  type CountedPage,
  type Customer,
  type Database,
  type UsageBucket,
} from '@licet/database';
import type {
  CustomerId,
  FeatureKey,
  CreditBlockId,
  GrantId,
  LicenseId,
  Machine,
  PlanMigrationId,
  Subscription,
  SubscriptionId,
  TenantId,
} from '@licet/domain';

export interface WindowsKey {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly first: number;
}

const BATCH_MAX = 1000;

/** One set for each request, and for each event of a subscription: what is read twice is read once. */
export class Loaders {
  readonly #db: Database;
  readonly #tenantId: TenantId;
  #customers: DataLoader<CustomerId, Customer | null> | null = null;
  #subscriptions: DataLoader<SubscriptionId, Subscription | null> | null = null;
  #licenses: DataLoader<LicenseId, StoredLicense | null> | null = null;
  #liveSubscriptions: DataLoader<CustomerId, Subscription[]> | null = null;
  #allSubscriptions: DataLoader<CustomerId, Subscription[]> | null = null;
  #closedWindows: DataLoader<WindowsKey, UsageBucket[], string> | null = null;
  #customersOfGrants: DataLoader<GrantId, CustomerId | null> | null = null;
  #customersOfCreditBlocks: DataLoader<CreditBlockId, CustomerId | null> | null = null;
  readonly #licensesOf = new Map<string, DataLoader<CustomerId, Listed<CountedPage<StoredLicense>>>>();
  readonly #machinesOf = new Map<string, DataLoader<LicenseId, Listed<CountedPage<Machine>>>>();
  readonly #grants = new Map<string, DataLoader<CustomerId, PageOf<StoredGrant>>>();
  readonly #seats = new Map<string, DataLoader<CustomerId, Listed<CountedPage<OwnedSeat>>>>();
  readonly #creditBlocks = new Map<string, DataLoader<CustomerId, PageOf<OwnedBlock>>>();
  readonly #migrationProblems = new Map<string, DataLoader<PlanMigrationId, ProblemsOf>>();

  constructor(db: Database, tenantId: TenantId) {
    this.#db = db;
    this.#tenantId = tenantId;
  }

  get customers(): DataLoader<CustomerId, Customer | null> {
    return (this.#customers ??= batched(async (ids) =>
      inOrder(ids, await findCustomers(this.#db, this.#tenantId, ids), null),
    ));
  }

  get subscriptions(): DataLoader<SubscriptionId, Subscription | null> {
    return (this.#subscriptions ??= batched(async (ids) =>
      inOrder(ids, await findSubscriptions(this.#db, this.#tenantId, ids), null),
    ));
  }

  get licenses(): DataLoader<LicenseId, StoredLicense | null> {
    return (this.#licenses ??= batched(async (ids) =>
      inOrder(ids, await findLicenses(this.#db, this.#tenantId, ids), null),
    ));
  }

  /** One for each page that is asked for. */
  licensesOf(request: PageRequest): DataLoader<CustomerId, Listed<CountedPage<StoredLicense>>> {
    const name = JSON.stringify([request.first, request.after]);
    const loader =
      this.#licensesOf.get(name) ??
      pagesLoader((ids) => listLicenses(this.#db, this.#tenantId, ids, request));
    this.#licensesOf.set(name, loader);
    return loader;
  }

  /** One for each page that is asked for. */
  machinesOf(request: PageRequest): DataLoader<LicenseId, Listed<CountedPage<Machine>>> {
    const name = JSON.stringify([request.first, request.after]);
    const loader =
      this.#machinesOf.get(name) ??
      pagesLoader((ids: readonly LicenseId[]) => listMachines(this.#db, this.#tenantId, ids, request));
    this.#machinesOf.set(name, loader);
    return loader;
  }

  get liveSubscriptions(): DataLoader<CustomerId, Subscription[]> {
    return (this.#liveSubscriptions ??= subscriptionsLoader(this.#db, this.#tenantId, false));
  }

  get allSubscriptions(): DataLoader<CustomerId, Subscription[]> {
    return (this.#allSubscriptions ??= subscriptionsLoader(this.#db, this.#tenantId, true));
  }

  /** One for each page that is asked for: that of many customers is read at once. */
  grants(request: GrantSearch): DataLoader<CustomerId, PageOf<StoredGrant>> {
    const name = JSON.stringify([request.first, request.after, request.ended]);
    const loader =
      this.#grants.get(name) ?? pagesLoader((ids) => listGrants(this.#db, this.#tenantId, ids, request));
    this.#grants.set(name, loader);
    return loader;
  }

  creditBlocks(request: CreditBlockSearch): DataLoader<CustomerId, PageOf<OwnedBlock>> {
    const name = JSON.stringify([request.first, request.after, request.feature, request.spent]);
    const loader =
      this.#creditBlocks.get(name) ??
      pagesLoader((ids) => listCreditBlocks(this.#db, this.#tenantId, ids, request));
    this.#creditBlocks.set(name, loader);
    return loader;
  }

  seats(request: SeatSearch): DataLoader<CustomerId, Listed<CountedPage<OwnedSeat>>> {
    const name = JSON.stringify([request.first, request.after, request.feature]);
    const loader =
      this.#seats.get(name) ?? pagesLoader((ids) => listSeats(this.#db, this.#tenantId, ids, request));
    this.#seats.set(name, loader);
    return loader;
  }

  /** One for each page that is asked for. */
  migrationProblems(request: ProblemSearch): DataLoader<PlanMigrationId, ProblemsOf> {
    const name = JSON.stringify([request.first, request.after]);
    const loader =
      this.#migrationProblems.get(name) ??
      batched((ids) => listMigrationProblems(this.#db, this.#tenantId, ids, request));
    this.#migrationProblems.set(name, loader);
    return loader;
  }

  get customersOfGrants(): DataLoader<GrantId, CustomerId | null> {
    return (this.#customersOfGrants ??= batched(async (ids) =>
      inOrder(ids, await grantOwners(this.#db, this.#tenantId, ids), null),
    ));
  }

  get customersOfCreditBlocks(): DataLoader<CreditBlockId, CustomerId | null> {
    return (this.#customersOfCreditBlocks ??= batched(async (ids) =>
      inOrder(ids, await creditBlockOwners(this.#db, this.#tenantId, ids), null),
    ));
  }

  get closedWindows(): DataLoader<WindowsKey, UsageBucket[], string> {
    return (this.#closedWindows ??= closedWindowsLoader(this.#db, this.#tenantId));
  }
}

function batched<K, V>(load: (keys: readonly K[]) => Promise<V[]>): DataLoader<K, V> {
  return new DataLoader<K, V>(load, { maxBatchSize: BATCH_MAX });
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

type ProblemsOf = Result<{ readonly problems: readonly MigrationProblem[] }>;
type Listed<Pages> = ({ readonly ok: true } & Pages) | Refused;
type PageOf<T> = Listed<Page<T>>;

/** A page for each customer, or licence, or the refusal for all of them. */
function pagesLoader<Id, Pages>(
  list: (ids: readonly Id[]) => Promise<Result<{ readonly pages: readonly Pages[] }>>,
): DataLoader<Id, Listed<Pages>> {
  return batched(async (ids) => {
    const listed = await list(ids);
    return listed.ok
      ? listed.pages.map((page): Listed<Pages> => ({ ok: true, ...page }))
      : ids.map(() => listed);
  });
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

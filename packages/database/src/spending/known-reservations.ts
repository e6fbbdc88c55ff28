import DataLoader from 'dataloader';
import type { CustomerId, FeatureKey, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { keyedDigest } from '../crypto/keyed-digest.js';
import { KEY_BYTES } from '../repositories/operations.js';
import { type HoldId, type LockedHold, readHolds } from './hold-rows.js';
import { readHold, type StoredOutcome } from './kept-verdict.js';
import { settlementText } from './request.js';
import type { MadeHold } from './reservations.js';

interface Known {
  readonly tenantId: TenantId;
  readonly reservation: LockedHold;
}

interface Wanted {
  readonly tenantId: TenantId;
  readonly id: HoldId;
}

/**
 * Reservations, and quota leases, by their ids alone. Who reserves here mostly commits here: what this process has made it remembers until
 * it is settled. The others, and those that are settled, are asked for in one batch with all that are asked for at the
 * same time.
 */
export class KnownReservations {
  readonly #known = new Map<HoldId, Known>();
  readonly #most: number;
  readonly #loader: DataLoader<Wanted, MadeHold | null, string>;

  constructor(db: Database, most = 100_000) {
    this.#most = most;
    const keyOf = keyedDigest(db.keys.operation);
    this.#loader = new DataLoader((wanted) => findAll(db, keyOf, wanted), {
      cache: false,
      batchScheduleFn: (dispatch) => setImmediate(dispatch),
    });
  }

  remember(tenantId: TenantId, made: readonly LockedHold[]): void {
    for (const reservation of made) this.#known.set(reservation.id, { tenantId, reservation });
    // The oldest is the one most likely settled elsewhere, or expired.
    for (const id of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(id);
    }
  }

  forget(ids: Iterable<HoldId>): void {
    for (const id of ids) this.#known.delete(id);
  }

  /** As it was made. Whether it still stands so, its row says. */
  remembered(tenantId: TenantId, id: HoldId): LockedHold | undefined {
    const known = this.#known.get(id);
    return known?.tenantId === tenantId ? known.reservation : undefined;
  }

  /** What was reserved, settled since or not; null: nothing under this id. */
  async find(tenantId: TenantId, id: HoldId): Promise<MadeHold | null> {
    return this.remembered(tenantId, id) ?? this.#loader.load({ tenantId, id });
  }
}

async function findAll(
  db: Database,
  keyOf: (text: string) => string,
  wanted: readonly Wanted[],
): Promise<(MadeHold | null)[]> {
  const found = new Map<string, MadeHold>();
  for (const tenantId of new Set(wanted.map((one) => one.tenantId))) {
    const ids = wanted.filter((one) => one.tenantId === tenantId).map(({ id }) => id);
    await readTransaction(db, tenantId, async (transaction) => {
      const standing = await readHolds(transaction, ids);
      const settled = await settledReservations(
        transaction,
        keyOf,
        ids.filter((id) => !standing.has(id)),
      );
      for (const one of [...standing.values(), ...settled]) found.set(nameOf(tenantId, one.id), one);
    });
  }
  return wanted.map(({ tenantId, id }) => found.get(nameOf(tenantId, id)) ?? null);
}

function nameOf(tenantId: TenantId, id: HoldId): string {
  return `${tenantId} ${id}`;
}

interface SettlementRow {
  readonly key: Buffer;
  readonly customer_id: CustomerId;
  readonly feature: FeatureKey;
  readonly outcome: StoredOutcome;
}

/** Of reservations whose rows are gone: what their settlements have kept of them. */
async function settledReservations(
  transaction: Transaction,
  keyOf: (text: string) => string,
  ids: readonly HoldId[],
): Promise<MadeHold[]> {
  if (ids.length === 0) return [];
  const { tenantId } = transaction;
  const byKey = new Map(ids.map((id) => [keyOf(settlementText(tenantId, id)).slice(0, KEY_BYTES), id]));
  const rows = await transaction.query<SettlementRow>({
    name: 'settled-reservations',
    text: 'select key, customer_id, feature, outcome::json from operation where tenant_id = $1 and key = any($2)',
    values: [tenantId, [...byKey.keys()].map((key) => Buffer.from(key, 'latin1'))],
  });
  return rows.flatMap(({ key, customer_id: customerId, feature, outcome }) => {
    const id = byKey.get(key.toString('latin1'));
    const settled = readHold(outcome);
    return id && settled ? [{ id, customerId, feature, ...settled }] : [];
  });
}

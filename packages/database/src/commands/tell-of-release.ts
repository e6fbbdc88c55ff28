import {
  concernOf,
  formatInstant,
  type MigrationPolicy,
  policyOf,
  type Release,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Transaction, writeTransaction } from '../connection/transaction.js';
import { publishedRelease } from '../repositories/releases.js';

/**
 * Makes the next `most` customers due whom a publication concerns (`concernOf`), the oldest publication first: from then
 * on their rows are written like anything else that time has done. Decisions do not wait for it: a move counts from the
 * publication, and stays where another release is live by now. Returns how many there were; fewer than `most`: that was
 * all of this publication, or another worker is at it.
 */
export async function tellOfRelease(db: Database, tenantId: TenantId, most: number): Promise<number> {
  const { value } = await writeTransaction(db, tenantId, async (transaction) => {
    const untold = await claim(transaction);
    if (untold === null) return { value: 0, statements: [], events: [] };
    const release = await publishedRelease(db, transaction, untold.version);
    const before = await publishedRelease(db, transaction, untold.version - 1);
    const { everyone, withoutTimeZone } = concernOf(before, release);
    const turn = { after: untold.told_until, most };
    const ids = await (everyone
      ? everyCustomer(transaction, turn)
      : customersToMove(transaction, release, { ...turn, withoutTimeZone }));
    return {
      value: ids.length,
      statements: [
        {
          name: 'make-due',
          text: `with l as materialized (
                   select id from customer where tenant_id = $1 and id = any($2) order by id for update)
                 update customer c set next_due_at = least(c.next_due_at, $3) from l
                 where c.tenant_id = $1 and c.id = l.id`,
          values: [tenantId, ids, formatInstant(release.publication.at)],
        },
        {
          name: 'told',
          text: 'update publication set told_until = $3, told_all = $4 where tenant_id = $1 and version = $2',
          values: [tenantId, release.publication.version, ids.at(-1) ?? untold.told_until, ids.length < most],
        },
      ],
      events: [],
    };
  });
  return value;
}

interface Untold {
  readonly version: number;
  readonly told_until: string;
}

/** The next ones, in the order of their ids. */
interface Turn {
  readonly after: string;
  readonly most: number;
}

/** One worker at a time tells of a publication; null: others do, or all have been told. */
async function claim(transaction: Transaction): Promise<Untold | null> {
  const [row] = await transaction.query<Untold>({
    name: 'claim-publication',
    text: `select version, told_until from publication where tenant_id = $1 and not told_all
           order by version limit 1 for update skip locked`,
    values: [transaction.tenantId],
  });
  return row ?? null;
}

/** When time turns a rule of the catalog for a customer, or an end is near, is found out with the customer. */
async function everyCustomer(transaction: Transaction, { after, most }: Turn): Promise<string[]> {
  const rows = await transaction.query<{ id: string }>({
    name: 'every-customer',
    text: 'select id from customer where tenant_id = $1 and id > $2 order by id limit $3',
    values: [transaction.tenantId, after, most],
  });
  return rows.map((row) => row.id);
}

/**
 * Candidates: the rules decide when the customer's turn comes. Periods that end are due anyway, and rows written since
 * the publication hold what it has made of them.
 */
async function customersToMove(
  transaction: Transaction,
  release: Release,
  { after, most, withoutTimeZone }: Turn & { readonly withoutTimeZone: boolean },
): Promise<string[]> {
  const sold = [...release.planVersions.values()];
  const soldAddOns = [...release.addOnVersions.values()];
  const under = (policy: MigrationPolicy): string[] =>
    sold.map(({ plan }) => plan.key).filter((key) => policyOf(release, key) === policy);
  const rows = await transaction.query<{ customer_id: string }>({
    name: 'customers-to-move',
    text: `select s.customer_id from subscription s
           join customer c on c.tenant_id = s.tenant_id and c.id = s.customer_id and c.rules_version < $11
           left join unnest($3::text[], $4::int[]) as sold(plan, version) on sold.plan = s.plan
           where s.tenant_id = $1 and s.customer_id > $2 and s.ended_at is null
             and ((s.plan_version <> sold.version or s.add_ons <> '[]' and exists (
                     select 1 from jsonb_to_recordset(s.add_ons) held("addOn" text, version int)
                     join unnest($8::text[], $9::int[]) as sold_too(add_on, version) on sold_too.add_on = held."addOn"
                     where sold_too.version <> held.version))
                    and (s.plan = any($5) or s.plan = any($6) and s.period_end is null)
                  or (s.moves -> -1 ->> 'publication')::int > $7)
           union
           select id from customer where tenant_id = $1 and id > $2 and $12 and time_zone is null and rules_version < $11
           order by customer_id limit $10`,
    values: [
      transaction.tenantId,
      after,
      sold.map(({ plan }) => plan.key),
      sold.map(({ version }) => version),
      under('now'),
      under('atRenewal'),
      release.publication.undoesAfter,
      soldAddOns.map(({ addOn }) => addOn.key),
      soldAddOns.map(({ version }) => version),
      most,
      release.publication.version,
      withoutTimeZone,
    ],
  });
  return rows.map((row) => row.customer_id);
}

import { formatInstant, type MigrationPolicy, policyOf, type Release, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Transaction, writeTransaction } from '../connection/transaction.js';
import { publishedRelease, rulesVersion } from '../repositories/releases.js';

/**
 * Makes the next `most` customers due whose subscriptions the live release has moved, or all where time turns rules of
 * its own: from then on their rows are written like anything else that time has done. Decisions do not wait for it: a move counts from the publication.
 * Returns how many there were; fewer than `most`: that was all, or another worker is at it.
 */
export async function tellOfRelease(db: Database, tenantId: TenantId, most: number): Promise<number> {
  const { value } = await writeTransaction(db, tenantId, async (transaction) => {
    const release = await publishedRelease(db, transaction, await rulesVersion(transaction));
    const until = await claim(transaction, release);
    if (until === null) return { value: 0, statements: [], events: [] };
    const turns = release.catalog.rules.some(({ when }) => !when.isTimeless);
    const ids = await (turns
      ? everyCustomer(transaction, until, most)
      : customersToMove(transaction, release, until, most));
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
          values: [tenantId, release.publication.version, ids.at(-1) ?? until, ids.length < most],
        },
      ],
      events: [],
    };
  });
  return value;
}

/** One worker at a time tells; null: another does, or all have been told. */
async function claim(transaction: Transaction, { publication }: Release): Promise<string | null> {
  const [row] = await transaction.query<{ told_until: string }>({
    name: 'claim-publication',
    text: `select told_until from publication where tenant_id = $1 and version = $2 and not told_all
           for update skip locked`,
    values: [transaction.tenantId, publication.version],
  });
  return row?.told_until ?? null;
}

/** When time turns a rule of the catalog for a customer is found out with the customer. */
async function everyCustomer(transaction: Transaction, after: string, most: number): Promise<string[]> {
  const rows = await transaction.query<{ id: string }>({
    name: 'every-customer',
    text: 'select id from customer where tenant_id = $1 and id > $2 order by id limit $3',
    values: [transaction.tenantId, after, most],
  });
  return rows.map((row) => row.id);
}

/** Candidates: the rules decide when the customer's turn comes. Periods that end are due anyway. */
async function customersToMove(
  transaction: Transaction,
  release: Release,
  after: string,
  most: number,
): Promise<string[]> {
  const sold = [...release.planVersions.values()];
  const soldAddOns = [...release.addOnVersions.values()];
  const under = (policy: MigrationPolicy): string[] =>
    sold.map(({ plan }) => plan.key).filter((key) => policyOf(release, key) === policy);
  const rows = await transaction.query<{ customer_id: string }>({
    name: 'customers-to-move',
    text: `select distinct s.customer_id from subscription s
           left join unnest($3::text[], $4::int[]) as sold(plan, version) on sold.plan = s.plan
           where s.tenant_id = $1 and s.customer_id > $2 and s.ended_at is null
             and ((s.plan_version <> sold.version or s.add_ons <> '[]' and exists (
                     select 1 from jsonb_to_recordset(s.add_ons) held("addOn" text, version int)
                     join unnest($8::text[], $9::int[]) as sold_too(add_on, version) on sold_too.add_on = held."addOn"
                     where sold_too.version <> held.version))
                    and (s.plan = any($5) or s.plan = any($6) and s.period_end is null)
                  or (s.moves -> -1 ->> 'publication')::int > $7)
           order by s.customer_id limit $10`,
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
    ],
  });
  return rows.map((row) => row.customer_id);
}

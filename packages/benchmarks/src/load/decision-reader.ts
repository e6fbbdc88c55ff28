/** Asks the storage layer for decisions as a gateway does, without HTTP, and a table with a row for each. */
import 'reflect-metadata';
import { type Database, type DecisionFilter, listDecisions, openDatabase } from '@licet/database';
import { parseCustomerId } from '@licet/domain';
import { Client } from 'pg';
import { announce, answerParent } from '../processes/answers.js';
import { known, MASTER_KEY } from '../seed/tenant.js';
import { isNewestOrder, type NewestOrder, type NewestReport } from './newest.js';

const EVERY: DecisionFilter = {
  ...{ id: null, customerId: null, only: null, feature: null, allowed: null, code: null },
  ...{ since: null, until: null },
};

/** The ids of one customer's newest. */
type Ask = (customer: string) => Promise<string[]>;

/** Opened once and kept, as a gateway does. */
let log: Promise<Database> | undefined;
let table: Promise<Client> | undefined;

const ASKS: Readonly<Record<NewestOrder['from'], (order: NewestOrder) => Promise<Ask>>> = {
  async log({ url, tenantId, most }) {
    const db = await (log ??= openDatabase({
      url,
      masterKey: MASTER_KEY,
      applicationName: 'licet-decision-reader',
    }));
    return async (customer) => {
      const customerId = known(parseCustomerId(customer));
      const listed = await listDecisions(db, tenantId, { ...EVERY, customerId, first: most, after: null });
      if (!listed.ok) throw new Error(listed.message);
      return listed.page.items.map(({ node }) => node.decision.id);
    };
  },
  async rows({ url, tenantId, most }) {
    const client = await (table ??= connected(url));
    return async (customer) => {
      const { rows } = await client.query<{ id: string; body: string }>({
        name: 'newest-rows',
        text: 'select * from decision_row where tenant_id = $1 and customer_id = $2 order by at desc limit $3',
        values: [tenantId, customer, most],
      });
      return rows.map(({ id, body }) => {
        JSON.parse(body);
        return id;
      });
    };
  },
};

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // When a run is broken off the server goes first.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function run(order: NewestOrder): Promise<NewestReport> {
  const ask = await ASKS[order.from](order);
  const report: NewestReport = { times: [], ids: [] };
  for (const customer of order.customers) {
    const began = performance.now();
    const ids = await ask(customer);
    report.times.push(performance.now() - began);
    report.ids.push(ids);
  }
  return report;
}

answerParent({
  newest(input) {
    if (!isNewestOrder(input)) throw new TypeError('this is no order');
    return run(input);
  },
});
announce();

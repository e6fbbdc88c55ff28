/**
 * The baseline of the race over HTTP: a gateway that spends in one row-locking transaction per call, as one would
 * write it with care. Compiled GraphQL, prepared statements, two round trips, a pool as large as the gateway's, the
 * same tables under the same row-level security. It leaves out what would only slow it down: the event log, the
 * replay of keys that were used before, plans and rules (the limit stands in the row).
 */
import { appUrl } from '@licet/database';
import fastify from 'fastify';
import { buildSchema, parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { createHash, randomUUID } from 'node:crypto';
import { Pool, type PoolClient } from 'pg';
import { z } from 'zod';
import { CONSUME_QUERY } from '../load/workload.js';
import { announce, answerParent } from '../processes/answers.js';
import { API_KEY, MASTER_KEY } from '../seed/tenant.js';

const POOL_SIZE = 10;

const SCHEMA = buildSchema(`
  type Query { ready: Boolean! }
  type Mutation { consume(input: ConsumeInput!): ConsumeResult! }
  input ConsumeInput { customerId: ID! feature: String! quantity: Int idempotencyKey: String! }
  type ConsumeResult { consumed: Float! replayed: Boolean! decision: Decision! revision: String! }
  type Decision { customerId: ID! feature: String! allowed: Boolean! code: String! }
`);

const environment = z
  .object({ DATABASE_URL: z.string(), TENANT_ID: z.uuid() })
  .transform(({ DATABASE_URL, TENANT_ID }) => ({ databaseUrl: DATABASE_URL, tenantId: TENANT_ID }));

const consumeArguments = z.object({
  input: z.object({
    customerId: z.string(),
    feature: z.string(),
    quantity: z.int().positive().optional(),
    idempotencyKey: z.string(),
  }),
});
type ConsumeInput = z.infer<typeof consumeArguments>['input'];

const LOCK = {
  name: 'lock',
  text: `select used, reserved, lim from meter
         where tenant_id = $1 and customer_id = $2 and feature = $3 and window_end > clock_timestamp() for update`,
};
const INSERT = {
  name: 'insert',
  text: `insert into operation (tenant_id, key, kind, request_hash, customer_id, feature, quantity, used_after, outcome, batch_id, at)
         values ($1, $2, 'consume', $3, $4, $5, $6, $7, $8, $9, clock_timestamp())`,
};
const UPDATE = {
  name: 'update',
  text: `update meter set used = $4, version = version + 1 where tenant_id = $1 and customer_id = $2 and feature = $3`,
};

interface MeterRow {
  readonly used: string;
  readonly reserved: string;
  readonly lim: string | null;
}

class Spender {
  constructor(
    private readonly pool: Pool,
    private readonly tenantId: string,
  ) {}

  async consume(input: ConsumeInput): Promise<object> {
    const client = await this.pool.connect();
    try {
      return await this.#spend(client, input);
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  /** Two round trips: to the lock, and from there to COMMIT. */
  async #spend(client: PoolClient, input: ConsumeInput): Promise<object> {
    const { customerId, feature, quantity = 1, idempotencyKey } = input;
    const key = [this.tenantId, customerId, feature];
    const [, locked] = await Promise.all([
      client.query(`begin; set local app.tenant = '${this.tenantId}'`),
      client.query<MeterRow>({ ...LOCK, values: key }),
    ]);
    const [meter] = locked.rows;
    if (!meter) throw new Error(`there is no counter of ${feature} for ${customerId}`);
    const used = Number(meter.used) + quantity;
    const allowed = meter.lim === null || used + Number(meter.reserved) <= Number(meter.lim);
    const decision = { customerId, feature, allowed, code: allowed ? 'ENTITLED' : 'LIMIT_EXCEEDED' };
    const result = { consumed: allowed ? quantity : 0, replayed: false, decision, revision: 'none' };
    if (!allowed) {
      await client.query('rollback');
      return result;
    }
    const record = [
      digest(`${this.tenantId} ${idempotencyKey}`).subarray(0, 16),
      digest(JSON.stringify(input)),
    ];
    await Promise.all([
      client.query({
        ...INSERT,
        values: [
          this.tenantId,
          ...record,
          customerId,
          feature,
          quantity,
          used,
          JSON.stringify(result),
          randomUUID(),
        ],
      }),
      client.query({ ...UPDATE, values: [...key, used] }),
      client.query('commit'),
    ]);
    return result;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function main(): Promise<void> {
  const { databaseUrl, tenantId } = environment.parse(process.env);
  // One connection carries one transaction; within it statements need not wait for each other's answers.
  const options = { connectionString: appUrl(databaseUrl, MASTER_KEY), max: POOL_SIZE, pipeline: true };
  const spender = new Spender(new Pool(options), tenantId);
  const field = SCHEMA.getMutationType()?.getFields()['consume'];
  if (field) field.resolve = (_root, args) => spender.consume(consumeArguments.parse(args).input);
  const compiled = compileQuery(SCHEMA, parse(CONSUME_QUERY));
  if (!isCompiledQuery(compiled)) throw new Error('the baseline does not compile its query');
  const server = fastify();
  server.post<{ Body: { query: string; variables: Record<string, unknown> } }>(
    '/graphql',
    async (request, reply) => {
      if (request.headers.authorization !== `Bearer ${API_KEY}`) return reply.code(401).send();
      if (request.body.query !== CONSUME_QUERY) return reply.code(400).send();
      const result = await compiled.query(undefined, undefined, request.body.variables);
      return reply.type('application/json; charset=utf-8').send(compiled.stringify(result));
    },
  );
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  answerParent({});
  announce(url);
}

void main();

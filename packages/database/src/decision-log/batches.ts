import { type CustomerId, type Instant, instant } from '@licet/domain';
import type { Transaction } from '../connection/transaction.js';
import { arrayOf, numberArray } from '../mapping/array-literal.js';
import { answerHashes, type AnswerSought } from './answers.js';
import { bucketsOf, idHashes, unpackBlock } from './block.js';
import { type Mark, nameHash } from './customer-key.js';
import { unpackFlush } from './flush.js';
import type { Origin } from './record-hash.js';

/** What is looked for, as far as rows can be passed over for it. */
export interface Sought {
  /** Null: everybody's. */
  readonly customers: ReadonlyMap<CustomerId, Mark> | null;
  readonly id: string | null;
  readonly answer: AnswerSought;
  /** From `since` on, before `until`, not after `notAfter`. */
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly notAfter: Instant | null;
}

/** A line that may be a record that is looked for. */
export interface Candidate extends Origin {
  readonly text: string;
}

/** A row's records. */
export interface Batch {
  /** Of its newest record. */
  readonly lastAt: Instant;
  candidates(): Promise<readonly Candidate[]>;
}

/** As a line writes a text: what does not have it need not be parsed. */
export function traceOf(text: string): string {
  return JSON.stringify(text);
}

interface FlushRow {
  readonly gateway_id: string;
  readonly seq: number;
  readonly last_at: Date;
  readonly body: Buffer;
}

const FLUSHES_AT_ONCE = 128;

/** What is not rolled up yet, by the newest record. */
export async function* flushBatches(
  transaction: Transaction,
  { customers, id, since, until, notAfter }: Sought,
): AsyncGenerator<Batch, undefined> {
  const traces = customers === null ? null : [...customers.keys()].map(traceOf);
  const mayFit = (text: string): boolean =>
    (id === null || text.includes(traceOf(id))) &&
    (traces === null || traces.some((trace) => text.includes(trace)));
  let last: FlushRow | undefined;
  for (;;) {
    const rows: FlushRow[] = await transaction.query<FlushRow>({
      name: 'decision-flushes',
      text: `select gateway_id, seq, last_at, body from decision_flush f
             where tenant_id = $1
               and ($2::timestamptz is null or last_at >= $2 and day >= ($2 at time zone 'UTC')::date)
               and ($3::timestamptz is null or first_at < $3)
               and ($4::timestamptz is null or first_at <= $4)
               and ($5::timestamptz is null or (last_at, gateway_id, seq) < ($5, $6::uuid, $7::bigint))
               and ($9::int[] is null or customers is null or customers && $9)
               -- Rolled up before, and come once more.
               and not exists (select from decision_gateway g
                 where g.tenant_id = $1 and g.gateway_id = f.gateway_id and g.rolled @> f.seq)
             order by last_at desc, gateway_id desc, seq desc limit $8`,
      values: [
        transaction.tenantId,
        dateOrNull(since),
        dateOrNull(until),
        dateOrNull(notAfter),
        last?.last_at ?? null,
        last?.gateway_id ?? null,
        last?.seq ?? null,
        FLUSHES_AT_ONCE,
        customers && numberArray([...customers.keys()].map(nameHash)),
      ],
    });
    for (const { gateway_id: gatewayId, seq, last_at: lastAt, body } of rows)
      yield {
        lastAt: instant(lastAt.getTime()),
        candidates: async () =>
          (await unpackFlush(body)).flatMap((text, index) =>
            mayFit(text) ? [{ gatewayId, seq, index, text }] : [],
          ),
      };
    last = rows.at(-1);
    if (rows.length < FLUSHES_AT_ONCE) return;
  }
}

interface BlockRow {
  readonly bucket: number;
  readonly roll: number;
  readonly last_at: Date;
  readonly body: Buffer;
  readonly ends: readonly number[] | null;
}

/** Blocks that are read at once: few at first, because the first ones mostly hold what is wanted. */
const FIRST_BLOCKS = 12;
const MOST_BLOCKS = 96;
const DAY = 24 * 3_600_000;
/** Days that are looked through at once: the newest, then more and more; then all before. */
const SPANS = [1, 8, 64];

/** What is rolled up, by the newest record: those blocks alone that may hold what is looked for. */
export async function* blockBatches(
  transaction: Transaction,
  sought: Sought,
): AsyncGenerator<Batch, undefined> {
  const newest = Math.min(sought.until ?? Infinity, sought.notAfter ?? Infinity);
  let to: number | null = null;
  let from = Math.floor((newest === Infinity ? Date.now() : newest) / DAY);
  for (const days of [...SPANS, null]) {
    yield* blocksOf(transaction, sought, { from: days === null ? null : from, to });
    if (sought.since !== null && from * DAY <= sought.since) return;
    to = from;
    from -= days ?? 0;
  }
}

/** Days since 1970, from, and before; null: without an end. */
interface Days {
  readonly from: number | null;
  readonly to: number | null;
}

async function* blocksOf(
  transaction: Transaction,
  sought: Sought,
  days: Days,
): AsyncGenerator<Batch, undefined> {
  const only = sought.customers === null ? null : new Set<string>(sought.customers.keys());
  const { id } = sought;
  let most = FIRST_BLOCKS;
  let last: BlockRow | undefined;
  for (;;) {
    const rows: BlockRow[] = await readBlocks(transaction, sought, days, last, most);
    for (const { last_at: lastAt, body, ends } of rows)
      yield {
        lastAt: instant(lastAt.getTime()),
        candidates: async () => {
          const lines = await unpackBlock({ body, ends }, only);
          return id === null ? lines : lines.filter(({ text }) => text.includes(traceOf(id)));
        },
      };
    last = rows.at(-1);
    if (rows.length < most) return;
    most = Math.min(most * 2, MOST_BLOCKS);
  }
}

async function readBlocks(
  transaction: Transaction,
  { customers, id, answer, since, until, notAfter }: Sought,
  { from, to }: Days,
  last: BlockRow | undefined,
  most: number,
): Promise<BlockRow[]> {
  const values: unknown[] = [transaction.tenantId];
  const bound = (value: unknown): string => `$${String(values.push(value))}`;
  const conditions = ['tenant_id = $1'];
  if (from !== null) conditions.push(`day >= ${bound(dayOf(from))}::date`);
  if (to !== null) conditions.push(`day < ${bound(dayOf(to))}::date`);
  if (since !== null) conditions.push(`last_at >= ${bound(new Date(since))}`);
  if (until !== null) conditions.push(`first_at < ${bound(new Date(until))}`);
  if (notAfter !== null) conditions.push(`first_at <= ${bound(new Date(notAfter))}`);
  if (last !== undefined)
    conditions.push(
      `(last_at, bucket, roll) < (${bound(last.last_at)}, ${bound(last.bucket)}, ${bound(last.roll)})`,
    );
  if (id !== null) conditions.push(...idHashes(id).map((hashed) => bitOf(bound(hashed))));
  const answers = answerHashes(answer);
  if (answers.length > 0)
    conditions.push(`(answers is null or answers @> ${bound(numberArray(answers))}::int[])`);
  const order = `order by last_at desc, bucket desc, roll desc limit ${bound(most)}`;
  const read = (also: readonly string[]): string =>
    `select bucket, roll, last_at, body, piece_from, piece_ends as ends from decision_block where ${[...conditions, ...also].join(' and ')} ${order}`;
  if (customers === null) return transaction.query<BlockRow>({ text: read([]), values });
  const marks = [...customers.values()];
  const buckets = bound(numberArray([...new Set(marks.flatMap(bucketsOf))]));
  const prints = bound(arrayOf(marks.map(({ fingerprint }) => String(fingerprint))));
  // Each bucket by its own index entries, and the newest of them all.
  const ofBucket = read(['bucket = b.of', `customers && ${prints}::int[]`]);
  const found = `select r.* from unnest(${buckets}::smallint[]) as b (of) cross join lateral (${ofBucket}) r ${order}`;
  const [mark, ...others] = marks;
  if (mark === undefined || others.length > 0) return transaction.query<BlockRow>({ text: found, values });
  // Of one customer the server reads its piece alone, and of those rows alone that are the newest of all.
  const text = `select bucket, roll, last_at,
      case when ends is null then body else substr(body, coalesce(ends[piece - 1], 0) + 1, ends[piece] - coalesce(ends[piece - 1], 0)) end as body,
      null as ends
    from (${found}) r cross join lateral width_bucket(${bound(mark.fingerprint)}::int, piece_from) as piece
    order by last_at desc, bucket desc, roll desc`;
  return transaction.query<BlockRow>({ text, values });
}

/** Whether the filter may hold an id of this hash; each bit sorts out most of the blocks that are left. */
function bitOf(hashed: string): string {
  return `get_bit(ids, ${hashed}::bigint % (octet_length(ids) * 8)) = 1`;
}

function dayOf(days: number): string {
  return new Date(days * DAY).toISOString().slice(0, '2026-01-01'.length);
}

function dateOrNull(at: Instant | null): Date | null {
  return at === null ? null : new Date(at);
}

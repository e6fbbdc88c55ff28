import { customerName } from '../seed/tenant.js';
import { type Expected, EXPECTED, UNITS } from '../seed/catalog.js';

/** A request, and whether a body answers it. */
export interface Exchange {
  readonly request: Buffer | string;
  isRight(body: Buffer): boolean;
}

/** What is asked, over and over. */
export type Workload =
  | {
      /**
       * Checks of customers 1 to `customers`, drawn evenly or as skewed as real traffic (Zipf, 0.99); by GraphQL, or as OFREP
       * evaluates a flag.
       */
      readonly kind: 'check' | 'evaluate';
      readonly customers: number;
      readonly draw: 'even' | 'zipf';
      readonly seed: number;
      readonly apiKey: string;
      /** Where a peer answers everything with one body: that body. */
      readonly constant: string | null;
    }
  | {
      /** Spends one unit of a single customer's, under a new key each time. */
      readonly kind: 'consume';
      readonly customer: string;
      readonly keys: string;
      readonly apiKey: string;
    }
  | {
      /** Asks whether one licence key is good, with another nonce each time, and nothing else to show. */
      readonly kind: 'validate';
      readonly key: string;
    };

type CheckWorkload = Extract<Workload, { readonly constant: string | null }>;

export const CHECK_FIELDS = 'customerId feature allowed code value limit used remaining validUntil revision';
export const CHECK_QUERY = `query Check($input: CheckInput!) { check(input: $input) { ${CHECK_FIELDS} } }`;
export const CONSUME_QUERY =
  'mutation Consume($input: ConsumeInput!) { consume(input: $input) { consumed replayed decision { customerId feature allowed code } revision } }';

export const VALIDATE_QUERY =
  'mutation Validate($input: ValidateLicenseInput!) { validateLicense(input: $input) { valid code decisions { feature allowed } token } }';

/** So many requests are made beforehand and asked in turn: making them must not be what is measured. */
const PREPARED = 50_000;

/** Where requests come from; `host` is the server's. */
export function exchanges(workload: Workload, host: string): () => Exchange {
  switch (workload.kind) {
    case 'check':
    case 'evaluate':
      return checks(workload, host);
    case 'consume':
      return consumptions(workload, host);
    case 'validate':
      return validations(workload, host);
  }
}

function checks(workload: CheckWorkload, host: string): () => Exchange {
  const prepared = preparedChecks(workload, host);
  let next = 0;
  return () => {
    const exchange = prepared[next];
    if (!exchange) throw new RangeError('an exchange beyond those prepared');
    next = (next + 1) % PREPARED;
    return exchange;
  };
}

/** For each server what was prepared last: most races ask the same again, round after round. */
const kept = new Map<string, { readonly of: string; readonly prepared: Exchange[] }>();

function preparedChecks(workload: CheckWorkload, host: string): Exchange[] {
  const of = JSON.stringify(workload);
  const last = kept.get(host);
  if (last?.of === of) return last.prepared;
  const prepared = prepareChecks(workload, host);
  kept.set(host, { of, prepared });
  return prepared;
}

function prepareChecks(workload: CheckWorkload, host: string): Exchange[] {
  const random = randomFrom(workload.seed);
  const drawCustomer = workload.draw === 'even' ? evenDraw(workload.customers) : zipfDraw(workload.customers);
  const constant = workload.constant === null ? null : Buffer.from(workload.constant);
  return Array.from({ length: PREPARED }, (): Exchange => {
    const customerId = customerName(drawCustomer(random()));
    const expected = EXPECTED[Math.floor(random() * EXPECTED.length)];
    if (!expected) throw new RangeError('a draw beyond the features');
    const own = FORMS[workload.kind](host, workload.apiKey, customerId, expected);
    return constant === null ? own : { ...own, isRight: (body) => isConstant(body, constant) };
  });
}

type Form = (host: string, apiKey: string, customerId: string, expected: Expected) => Exchange;

/** How a check is asked, and its answer known. */
const FORMS: Readonly<Record<CheckWorkload['kind'], Form>> = {
  check(host, apiKey, customerId, expected) {
    const input = { customerId, feature: expected.feature };
    const begin = JSON.stringify({ data: { check: { customerId, ...expected } } }).slice(0, -3);
    return {
      request: Buffer.from(requestText(host, apiKey, CHECK_QUERY, { input })),
      isRight: beginsWith(Buffer.from(begin)),
    };
  },
  evaluate(host, apiKey, customerId, { feature, allowed, code, value, limit, used, remaining }) {
    const key = feature;
    const path = `/ofrep/v1/evaluate/flags/${key}`;
    const begin = {
      ...{ key, reason: 'TARGETING_MATCH', value: value ?? limit ?? allowed },
      metadata: { allowed, code },
    };
    const beginsRight = beginsWith(Buffer.from(JSON.stringify(begin).slice(0, -2)));
    const counters =
      limit === null
        ? ''
        : `,"limit":${String(limit)},"used":${String(used)},"reserved":0,"remaining":${String(remaining)},`;
    return {
      request: Buffer.from(postText(host, path, apiKey, { context: { targetingKey: customerId } })),
      isRight: (body) => beginsRight(body) && body.includes(counters),
    };
  },
};

const OBJECT_END = '}'.charCodeAt(0);
const NEWLINE = '\n'.charCodeAt(0);

/** The customer, the feature, verdict and counters to the letter; what follows (instants, revision) ends as JSON does. */
function beginsWith(begin: Buffer): (body: Buffer) => boolean {
  return (body) =>
    body.length > begin.length &&
    body.compare(begin, 0, begin.length, 0, begin.length) === 0 &&
    body[body.length - 1 - (body[body.length - 1] === NEWLINE ? 1 : 0)] === OBJECT_END &&
    !body.includes('"errors"');
}

function isConstant(body: Buffer, constant: Buffer): boolean {
  const length = body[body.length - 1] === NEWLINE ? body.length - 1 : body.length;
  return length === constant.length && body.compare(constant, 0, length, 0, length) === 0;
}

function consumptions(workload: Extract<Workload, { kind: 'consume' }>, host: string): () => Exchange {
  const { customer, keys, apiKey } = workload;
  const slot = '0'.repeat(12);
  // Two servers are asked under different keys.
  const idempotencyKey = `${keys} ${host} ${slot}`;
  const input = { customerId: customer, feature: UNITS, idempotencyKey };
  const [before = '', after = ''] = requestText(host, apiKey, CONSUME_QUERY, { input }).split(slot);
  const decision = { customerId: customer, feature: UNITS, allowed: true, code: 'ENTITLED' };
  const answer = JSON.stringify({ data: { consume: { consumed: 1, replayed: false, decision } } });
  const isRight = beginsWith(Buffer.from(answer.slice(0, -3)));
  let next = 0;
  return () => ({ request: before + String((next += 1)).padStart(slot.length, '0') + after, isRight });
}

function validations({ key }: Extract<Workload, { kind: 'validate' }>, host: string): () => Exchange {
  const slot = '0'.repeat(12);
  const input = { key, features: ['module-01'], nonce: slot };
  const [before = '', after = ''] = requestText(host, null, VALIDATE_QUERY, { input }).split(slot);
  const begin = { valid: true, code: 'ENTITLED', decisions: [{ feature: 'module-01', allowed: true }] };
  const answer = JSON.stringify({ data: { validateLicense: begin } });
  const isRight = beginsWith(Buffer.from(answer.slice(0, -3)));
  let next = 0;
  return () => ({ request: before + String((next += 1)).padStart(slot.length, '0') + after, isRight });
}

/** `apiKey` null: without a credential. */
function requestText(host: string, apiKey: string | null, query: string, variables: object): string {
  return postText(host, '/graphql', apiKey, { query, variables });
}

function postText(host: string, path: string, apiKey: string | null, content: object): string {
  const body = JSON.stringify(content);
  return [
    `POST ${path} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    ...(apiKey === null ? [] : [`authorization: Bearer ${apiKey}`]),
    `content-length: ${String(Buffer.byteLength(body))}`,
    '',
    body,
  ].join('\r\n');
}

function evenDraw(count: number): (random: number) => number {
  return (random) => 1 + Math.floor(random * count);
}

/** Ranks by their share of 1 / rank^0.99, found by bisection in the running sum. */
function zipfDraw(count: number): (random: number) => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) sums[rank - 1] = sum += rank ** -0.99;
  return (random) => {
    const wanted = random * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return scattered(low, count);
  };
}

/** The customers that a Zipf draw gives most often, the most popular first. */
export function mostPopular(count: number, most: number): number[] {
  return Array.from({ length: Math.min(count, most) }, (_, rank) => scattered(rank, count));
}

/** Popular customers are not neighbours in the tables: a step that shares no factor with any count of tens. */
function scattered(rank: number, count: number): number {
  return 1 + ((rank * 7919) % count);
}

/** Mulberry32: the same draws for both sides, in every run. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

import { z } from 'zod';
import { EXPECTED } from '../seed/catalog.js';
import { exchanges, randomFrom, type Workload } from './workload.js';

const HOST = '127.0.0.1:4000';
const CHECKS = {
  kind: 'check',
  customers: 1000,
  draw: 'even',
  seed: 1,
  apiKey: 'key',
  constant: null,
} as const;

const body = z.object({ variables: z.object({ input: z.record(z.string(), z.string()) }) });

function inputOf(request: Buffer | string): Record<string, string> {
  return body.parse(JSON.parse(request.toString().split('\r\n\r\n')[1] ?? '')).variables.input;
}

function inputs(workload: Workload, count: number): Record<string, string>[] {
  const next = exchanges(workload, HOST);
  return Array.from({ length: count }, () => inputOf(next().request));
}

test('one feature in ten is denied', () => {
  expect(EXPECTED).toHaveLength(20);
  expect(EXPECTED.filter(({ allowed }) => !allowed)).toHaveLength(2);
});

test('two sides are asked the same, and another seed asks something else', () => {
  const asked = inputs(CHECKS, 100);
  expect(inputs({ ...CHECKS, constant: '{}' }, 100)).toEqual(asked);
  expect(inputs({ ...CHECKS, seed: 2 }, 100)).not.toEqual(asked);
});

test('an even draw asks for all customers alike, a skewed one for a few of them most of the time', () => {
  const distinct = (draw: 'even' | 'zipf') =>
    new Set(inputs({ ...CHECKS, draw }, 1000).map(({ customerId }) => customerId)).size;
  expect(distinct('even')).toBeGreaterThan(550);
  expect(distinct('zipf')).toBeLessThan(450);
});

test('a check is right with the verdict and the counters of its customer and feature, and with nothing else', () => {
  const exchange = exchanges(CHECKS, HOST)();
  const { customerId, feature } = inputOf(exchange.request);
  const expected = EXPECTED.find((one) => one.feature === feature);
  const answer = (check: object) => Buffer.from(JSON.stringify({ data: { check } }));
  const right = { customerId, ...expected, validUntil: null, revision: '1-2' };
  expect(exchange.isRight(answer(right))).toBe(true);
  expect(exchange.isRight(answer({ ...right, customerId: 'another' }))).toBe(false);
  expect(exchange.isRight(answer({ ...right, allowed: !expected?.allowed }))).toBe(false);
  expect(exchange.isRight(answer({ ...right, used: 17 }))).toBe(false);
  expect(exchange.isRight(answer(right).subarray(0, -20))).toBe(false);
  expect(exchange.isRight(Buffer.from('{"errors":[{"message":"no"}],"data":null}'))).toBe(false);
});

test('a flag is right with the value, the verdict and the counters of its customer and feature, and with nothing else', () => {
  const exchange = exchanges({ ...CHECKS, kind: 'evaluate' }, HOST)();
  const [head = '', text = ''] = exchange.request.toString().split('\r\n\r\n');
  const key = /^POST \/ofrep\/v1\/evaluate\/flags\/(\S+) HTTP/.exec(head)?.[1];
  expect(JSON.parse(text)).toEqual({ context: { targetingKey: inputs(CHECKS, 1)[0]?.['customerId'] } });
  const expected = EXPECTED.find(({ feature }) => feature === key);
  const { allowed, code, limit, used, remaining } = { ...expected };
  const counters = limit === null ? {} : { limit, used, reserved: 0, remaining };
  const metadata = { allowed, code, message: '…', unlimited: false, ...counters, validUntil: null };
  const right = {
    ...{ key, reason: 'TARGETING_MATCH', value: expected?.value ?? limit ?? allowed },
    metadata,
  };
  const isFlag = (flag: object): boolean => exchange.isRight(Buffer.from(JSON.stringify(flag)));
  expect(isFlag(right)).toBe(true);
  expect(isFlag({ ...right, key: 'another' })).toBe(false);
  expect(isFlag({ ...right, value: 'other' })).toBe(false);
  expect(isFlag({ ...right, metadata: { ...metadata, allowed: !allowed } })).toBe(false);
  expect(isFlag({ ...right, metadata: { ...metadata, used: 17 } })).toBe(limit === null);
  expect(exchange.isRight(Buffer.from('{"key":"calls-01","errorCode":"GENERAL"}'))).toBe(false);
});

test('no two spends have the same key, nor do two servers', () => {
  const spends = { kind: 'consume', customer: 'acme', keys: 'run 1', apiKey: 'key' } as const;
  const [one, other] = [exchanges(spends, HOST), exchanges(spends, '127.0.0.1:4001')];
  const keys = [one, one, one, other, other].map((next) => inputOf(next().request)['idempotencyKey']);
  expect(new Set(keys).size).toBe(5);
});

test('the declared length is the length', () => {
  const spends = { kind: 'consume', customer: 'acme', keys: 'run 1', apiKey: 'key' } as const;
  for (const workload of [CHECKS, { ...CHECKS, kind: 'evaluate' } as const, spends]) {
    const [head = '', text = ''] = exchanges(workload, HOST)().request.toString().split('\r\n\r\n');
    expect(head).toContain(`content-length: ${String(Buffer.byteLength(text))}`);
  }
});

test('random numbers are spread evenly between 0 and 1', () => {
  const random = randomFrom(7);
  const counts = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 10_000; draw += 1) {
    const place = Math.floor(random() * 10);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

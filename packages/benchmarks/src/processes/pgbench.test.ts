import { readPgbench } from './pgbench.js';

const PRINTED = `pgbench (15.14, server 18.4)
transaction type: pgbench-consume.sql
query mode: prepared
number of clients: 32
number of threads: 2
duration: 5 s
number of transactions actually processed: 5860
number of failed transactions: 0 (0.000%)
latency average = 27.301 ms
initial connection time = 51.212 ms
tps = 1172.108543 (without initial connection time)
`;

test('throughput and transactions are read', () => {
  expect(readPgbench(PRINTED)).toEqual({ perSecond: 1172.108543, transactions: 5860 });
});

test.each([
  ['another text', 'pgbench: error: connection refused', 'something else'],
  ['no transaction', PRINTED.replace('5860', '0'), 'something else'],
  [
    'a failed transaction',
    PRINTED.replace('failed transactions: 0', 'failed transactions: 3'),
    '3 transactions',
  ],
])('%s is no result', (_, text, message) => {
  expect(() => readPgbench(text)).toThrow(message);
});

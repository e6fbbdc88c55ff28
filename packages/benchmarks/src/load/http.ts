/** The client of every HTTP race, as a process of its own: as many connections as asked for, one request on each. */
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { announce, answerParent } from '../processes/answers.js';
import { type Answer, Connection } from './connection.js';
import { isLoadRequest, type LoadRequest, type LoadResult } from './load.js';
import { type Exchange, exchanges } from './workload.js';

interface Lane {
  connection: Connection | null;
  exchange: Exchange | null;
  sentAt: number;
}

/** Rejects at the first answer that is not what was to be answered. */
async function load({ urls, connections, seconds, workload }: LoadRequest): Promise<LoadResult> {
  const targets = urls.map((url) => new URL(url));
  const sources = targets.map((target) => exchanges(workload, target.host));
  const times = createHistogram();
  let wrong: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (wrong = reject));
  failed.catch(() => undefined);
  let over = false;
  let answers = 0;
  const lanes: Lane[] = [];
  for (let index = 0; index < connections; index += 1) {
    const target = targets[index % targets.length];
    const next = sources[index % targets.length];
    if (!target || !next) throw new RangeError('a load needs a server');
    const lane: Lane = { connection: null, exchange: null, sentAt: 0 };
    const ask = (): void => {
      lane.exchange = next();
      lane.sentAt = performance.now();
      lane.connection?.send(lane.exchange.request);
    };
    const take = (_: Connection, answer: Answer): void => {
      if (over) return;
      times.record(Math.max(1, Math.round((performance.now() - lane.sentAt) * 1e6)));
      if (answer.status !== 200 || lane.exchange?.isRight(answer.body) !== true)
        wrong(wrongAnswer(answer, lane.exchange));
      answers += 1;
      ask();
    };
    lane.connection = await Connection.open(target, take, wrong);
    lanes.push(lane);
    ask();
  }
  const began = performance.now();
  answers = 0;
  times.reset();
  try {
    await Promise.race([failed, delay(seconds * 1000)]);
    // A short run on a busy machine still sees one answer.
    while (answers === 0) await Promise.race([failed, delay(10)]);
    const took = performance.now() - began;
    return {
      answers,
      perSecond: (answers / took) * 1000,
      p50: times.percentile(50) / 1e6,
      p99: times.percentile(99) / 1e6,
    };
  } finally {
    over = true;
    for (const { connection } of lanes) connection?.close();
  }
}

function wrongAnswer({ status, body }: Answer, exchange: Exchange | null): Error {
  const asked = exchange?.request.toString() ?? 'nothing';
  return new Error(`a wrong answer, ${String(status)}: ${body.toString()}\nto: ${asked}`);
}

answerParent({
  load(input) {
    if (!isLoadRequest(input)) throw new TypeError('this is no load');
    return load(input);
  },
});
announce();

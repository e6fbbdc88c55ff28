import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, Connection } from './connection.js';
import type { LoadRequest, LoadResult } from './load.js';
import { type Exchange, exchanges } from './workload.js';

const DRAIN_SECONDS = 60;

/**
 * As many connections as asked for, one request at a time on each, over and over. Rejects at the first answer that is
 * not what was to be answered.
 */
export class Load {
  readonly #times = createHistogram();
  readonly #connections: Connection[] = [];
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #over = false;
  #waiting = 0;
  #answers = 0;
  #all = 0;

  constructor(private readonly order: LoadRequest) {
    this.#failed = new Promise<never>((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined);
  }

  async run(): Promise<LoadResult> {
    try {
      await this.#connect();
      this.#times.reset();
      this.#answers = 0;
      const began = performance.now();
      await this.#orFailure(delay(this.order.seconds * 1000));
      // A short run on a busy machine still sees one answer.
      while (this.#answers === 0) await this.#orFailure(delay(10));
      const perSecond = (this.#answers / (performance.now() - began)) * 1000;
      this.#over = true;
      await this.#drain();
      const [p50, p99] = [50, 99].map((share) => this.#times.percentile(share) / 1e6);
      return { answers: this.#all, perSecond, p50: p50 ?? 0, p99: p99 ?? 0 };
    } finally {
      for (const connection of this.#connections) connection.close();
    }
  }

  async #connect(): Promise<void> {
    const targets = this.order.urls.map((text) => {
      const url = new URL(text);
      return { url, next: exchanges(this.order.workload, url.host) };
    });
    for (let index = 0; index < this.order.connections; index += 1) {
      const target = targets[index % targets.length];
      if (!target) throw new RangeError('a load needs a server');
      await this.#orFailure(this.#open(target.url, target.next));
    }
  }

  async #open(url: URL, next: () => Exchange): Promise<void> {
    let exchange = next();
    let sentAt = 0;
    const ask = (connection: Connection): void => {
      this.#waiting += 1;
      sentAt = performance.now();
      connection.send(exchange.request);
    };
    const take = (connection: Connection, answer: Answer): void => {
      this.#waiting -= 1;
      this.#all += 1;
      if (answer.status !== 200 || !exchange.isRight(answer.body)) this.#fail(wrongAnswer(answer, exchange));
      if (this.#over) return;
      this.#times.record(Math.max(1, Math.round((performance.now() - sentAt) * 1e6)));
      this.#answers += 1;
      exchange = next();
      ask(connection);
    };
    const connection = await Connection.open(url, take, this.#fail);
    this.#connections.push(connection);
    ask(connection);
  }

  /** What is still on its way is waited for and looked at, lest it burden whoever is measured next. */
  async #drain(): Promise<void> {
    const until = performance.now() + DRAIN_SECONDS * 1000;
    while (this.#waiting > 0) {
      if (performance.now() > until) throw new Error(`${String(this.#waiting)} requests were never answered`);
      await this.#orFailure(delay(5));
    }
  }

  #orFailure<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed]);
  }
}

function wrongAnswer({ status, body }: Answer, exchange: Exchange): Error {
  return new Error(
    `a wrong answer, ${String(status)}: ${body.toString()}\nto: ${exchange.request.toString()}`,
  );
}

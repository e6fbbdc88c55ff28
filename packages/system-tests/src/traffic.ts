import type { GraphqlClient } from './graphql-client.js';

export interface TrafficOptions {
  readonly client: GraphqlClient;
  readonly customers: readonly string[];
  /** How many ask at once. */
  readonly lanes: number;
}

export interface Traffic {
  /** Calls that were answered by now. */
  readonly answered: number;
  /** Ends it when what is on its way has been answered; throws where anything was answered by an error. */
  finish(): Promise<TrafficDone>;
}

export interface TrafficDone {
  /** Calls that were granted, by customer. */
  readonly granted: ReadonlyMap<string, number>;
  /** Milliseconds until each answer. */
  readonly consumes: readonly number[];
  readonly checks: readonly number[];
}

/** Consumes and checks of `calls`, in turn, for one of these customers after the other, without end. */
export function startTraffic({ client, customers, lanes }: TrafficOptions): Traffic {
  const granted = new Map<string, number>();
  const consumes: number[] = [];
  const checks: number[] = [];
  const state = { isOver: false, sent: 0 };
  async function ask(): Promise<void> {
    const customerId = customers[state.sent % customers.length] ?? '';
    const key = `traffic ${String((state.sent += 1))}`;
    const { consumed } = await timed(consumes, () => client.consume(customerId, 'calls', key));
    if (consumed > 0) granted.set(customerId, (granted.get(customerId) ?? 0) + consumed);
    const input = { customerId, feature: 'calls' };
    await timed(checks, () =>
      client.send('query ($input: CheckInput!) { check(input: $input) { allowed code limit } }', { input }),
    );
  }
  const done = Array.from({ length: lanes }, async () => {
    while (!state.isOver) await ask();
  });
  // Handed in by `finish`.
  for (const lane of done) lane.catch(() => undefined);
  return {
    get answered() {
      return consumes.length;
    },
    async finish() {
      state.isOver = true;
      await Promise.all(done);
      return { granted, consumes, checks };
    },
  };
}

async function timed<T>(durations: number[], work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  durations.push(performance.now() - begun);
  return result;
}

/** `p50 3 p99 12 max 40 ms`, for people. */
export function spread(durations: readonly number[]): string {
  const sorted = [...durations].sort((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  return `${String(sorted.length)}: p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`;
}

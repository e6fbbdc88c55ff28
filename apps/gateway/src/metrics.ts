import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DecisionCode } from '@licet/domain';

/** How an operation was asked: see `x-licet-lane`; `socket`: over a WebSocket, `sse`: as a stream of server-sent events; and the doors for other protocols. */
export type Lane = 'compiled' | 'general' | 'socket' | 'sse' | 'ofrep' | 'authzen' | 'snapshot';

/** Counts by one label. Kept as plain numbers, and handed to the client when somebody reads them. */
class Tally<Label extends string> {
  readonly #counts = new Map<Label, { count: number }>();

  count(label: Label): void {
    const known = this.#counts.get(label);
    if (known) known.count++;
    else this.#counts.set(label, { count: 1 });
  }

  /** Shows it as a counter whose only label is `name`. */
  show(registry: Registry, metric: string, help: string, name: string): void {
    const counts = this.#counts;
    const counter = new Counter({
      name: metric,
      help,
      labelNames: [name],
      registers: [registry],
      collect() {
        counter.reset();
        for (const [label, { count }] of counts) counter.inc({ [name]: label }, count);
      },
    });
  }
}

/** What is read when somebody asks, rather than counted. */
export interface Observed {
  readonly states: { readonly size: number; readonly hits: number; readonly misses: number };
  readonly spends: { readonly depth: number };
  readonly decisions: {
    readonly counts: {
      readonly recorded: number;
      readonly dropped: number;
      readonly flushes: number;
      readonly failures: number;
      readonly waiting: number;
      readonly unsentBytes: number;
      readonly spooledBytes: number;
    };
  };
  /** Seconds since the log was last known to be read to its end. */
  readonly feedLag: () => number;
  /** Whether signals of changes come in. */
  readonly listening: () => boolean;
}

/** Who follows what happens, over one kind of connection. */
export interface ObservedChannels {
  readonly connections: number;
  readonly operations: number;
  /** Bytes that were told and have not left yet. */
  readonly unsentBytes: number;
}

const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Everything that `/metrics` tells; docs/metrics.md explains each. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Tally<Lane>();
  readonly #responses = new Tally<string>();
  readonly #checks = new Tally<DecisionCode>();
  readonly #spends = new Tally<DecisionCode>();
  readonly #batches: Histogram;

  constructor() {
    const registry = this.#registry;
    collectDefaultMetrics({ register: registry });
    this.#requests.show(registry, 'licet_operations_total', 'Operations, by the way they took', 'lane');
    this.#responses.show(registry, 'licet_http_responses_total', 'HTTP answers, by status', 'status');
    this.#checks.show(registry, 'licet_checks_total', 'Checks decided, by code', 'code');
    this.#spends.show(registry, 'licet_spends_total', 'Spends decided, by code', 'code');
    this.#batches = new Histogram({
      name: 'licet_spend_batch_size',
      help: 'Spends that were sent together',
      buckets: BATCH_BUCKETS,
      registers: [registry],
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  operation(lane: Lane): void {
    this.#requests.count(lane);
  }

  response(status: number): void {
    this.#responses.count(String(status));
  }

  check(code: DecisionCode): void {
    this.#checks.count(code);
  }

  spend(code: DecisionCode): void {
    this.#spends.count(code);
  }

  batch(requests: number): void {
    this.#batches.observe(requests);
  }

  observe({ states, spends, decisions, feedLag, listening }: Observed): void {
    this.#gauge('licet_states_kept', 'Customers whose state is in memory', () => states.size);
    this.#gauge('licet_spend_queue_depth', 'Spends that have no answer yet', () => spends.depth);
    this.#gauge('licet_feed_lag_seconds', 'Since the log was last known to be read to its end', feedLag);
    this.#gauge('licet_look_signals', 'Whether signals of changes come in: 1 or 0', () =>
      Number(listening()),
    );
    this.#total('licet_state_hits_total', 'States that were in memory when asked for', () => states.hits);
    this.#total(
      'licet_state_loads_total',
      'States that had to be read from the database',
      () => states.misses,
    );
    this.#observeDecisions(decisions);
  }

  /** `waitingBytes`: of events that subscribers have not taken yet. */
  observeLive(
    kinds: Readonly<Record<'socket' | 'sse', () => ObservedChannels>>,
    waitingBytes: () => number,
  ): void {
    const show = (name: string, help: string, of: keyof ObservedChannels): void => {
      const gauge = new Gauge({
        name,
        help,
        labelNames: ['lane'],
        registers: [this.#registry],
        collect() {
          for (const [lane, observe] of Object.entries(kinds)) gauge.set({ lane }, observe()[of]);
        },
      });
    };
    show('licet_live_connections', 'Open WebSockets and streams', 'connections');
    show('licet_live_operations', 'Operations on them that are not over', 'operations');
    show('licet_live_unsent_bytes', 'Bytes on their way that the clients have not read', 'unsentBytes');
    this.#gauge('licet_live_waiting_bytes', 'Events that subscribers have not taken yet', waitingBytes);
  }

  #observeDecisions(log: Observed['decisions']): void {
    this.#total('licet_decisions_recorded_total', 'Decisions on record', () => log.counts.recorded);
    this.#total('licet_decisions_dropped_total', 'Decisions that are on no record', () => log.counts.dropped);
    this.#total(
      'licet_decision_flushes_total',
      'Batches of decisions that were written',
      () => log.counts.flushes,
    );
    this.#total(
      'licet_decision_flush_failures_total',
      'Attempts to write decisions that the database did not take',
      () => log.counts.failures,
    );
    this.#gauge('licet_decisions_waiting', 'Decisions that are not packed yet', () => log.counts.waiting);
    this.#gauge(
      'licet_decisions_unsent_bytes',
      'Packed decisions that the database has not taken yet',
      () => log.counts.unsentBytes,
    );
    this.#gauge(
      'licet_decisions_spooled_bytes',
      'Decisions on the disk that the database has not taken yet',
      () => log.counts.spooledBytes,
    );
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        gauge.set(read());
      },
    });
  }

  #total(name: string, help: string, read: () => number): void {
    const counter = new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}

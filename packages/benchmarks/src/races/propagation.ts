import { Client } from 'pg';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf, type Row } from '../harness/results.js';
import { percentile } from '../harness/statistics.js';
import { makeChanges, type Made, openSubscribers, type Received, takeReceived } from '../load/live.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Setting, Size } from '../race.js';
import { addCustomers, API_KEY, withTenant } from '../seed/tenant.js';

/** So many that a change and its return are seconds apart: what is undone before it is sent is not sent. */
const SUBSCRIBERS: Readonly<Record<Size, number>> = { full: 1000, quick: 1000, smoke: 60 };
/** Changes a second, and for how many seconds: a p99 wants some hundred changes. */
const PACES: Readonly<Record<Size, readonly { perSecond: number; seconds: number }[]>> = {
  full: [
    { perSecond: 10, seconds: 30 },
    { perSecond: 100, seconds: 10 },
  ],
  quick: [
    { perSecond: 10, seconds: 10 },
    { perSecond: 100, seconds: 5 },
  ],
  smoke: [
    { perSecond: 10, seconds: 0.5 },
    { perSecond: 100, seconds: 0.5 },
  ],
};

/** Each change must be received once, by the customer's own subscriber, and be named by its revision. */
export const propagation: Race = {
  name: 'propagation',
  question: 'How long after a commit does a subscriber have the change, beside a commit with NOTIFY?',
  async run(setting) {
    const customers = SUBSCRIBERS[setting.size];
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      postgres.withDatabase('empty', (bareUrl) =>
        withTenant(url, async (tenant) => {
          await addCustomers(tenant, customers);
          await makeTable(bareUrl);
          const starting = [
            Program.startApp('gateway', url),
            Program.start('load/subscribers'),
            Program.start('load/changer'),
            Program.start('peers/listener'),
            Program.start('peers/notifier'),
          ] as const;
          return withPrograms(starting, async ([gateway, subscribers, changer, listener, notifier]) => {
            await openSubscribers(subscribers, { url: await gateway.url, apiKey: API_KEY, customers });
            await openSubscribers(listener, { url: bareUrl, apiKey: '', customers: 0 });
            const { tenantId } = tenant.caller;
            const own = delays({ maker: changer, taker: subscribers }, { url, tenantId, customers });
            const bare = delays({ maker: notifier, taker: listener }, { url: bareUrl, tenantId, customers });
            const rows: Row[] = [];
            for (const pace of PACES[setting.size]) rows.push(...(await race(setting, pace, { own, bare })));
            return { kind: 'RUN', rows };
          });
        }),
      ),
    );
  },
};

interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

/** How long each change took, in milliseconds: since its commit was known, and since it was asked for. */
interface Delays {
  readonly fromCommit: readonly number[];
  readonly fromCall: readonly number[];
}
type Measure = (pace: Pace) => Promise<Delays>;

async function race(
  setting: Setting,
  pace: Pace,
  { own, bare }: Readonly<Record<'own' | 'bare', Measure>>,
): Promise<Row[]> {
  const [ours, bares] = [new Side(() => own(pace)), new Side(() => bare(pace))];
  if (setting.warmSeconds > 0)
    for (const warm of [own, bare]) await warm({ ...pace, seconds: setting.warmSeconds });
  await interleaved(setting.rounds, [ours, bares]);
  const p99 = (sides: Side<Delays>, of: (delays: Delays) => readonly number[]): number[] =>
    sides.results.map((delays) => percentile(of(delays), 0.99));
  const changes = `${String(pace.perSecond)} changes/s`;
  const peer = { name: 'commit and NOTIFY round trip', values: p99(bares, ({ fromCall }) => fromCall) };
  return [
    rowOf({
      race: 'propagation',
      measure: `p99 from commit, ${changes}`,
      unit: 'ms',
      own: p99(ours, ({ fromCommit }) => fromCommit),
      peer,
      goal: { bound: 'atMost', ratio: 4 },
    }),
    rowOf({
      race: 'propagation',
      measure: `p99 from the call, ${changes}`,
      unit: 'ms',
      own: p99(ours, ({ fromCall }) => fromCall),
      peer,
    }),
  ];
}

interface Ends {
  readonly maker: Program;
  readonly taker: Program;
}

function delays({ maker, taker }: Ends, on: { url: string; tenantId: string; customers: number }): Measure {
  let run = 0;
  return async (pace) => {
    const made = await makeChanges(maker, { ...on, ...pace, run: (run += 1) });
    return joined(made, await takeReceived(taker, made.length));
  };
}

function joined(made: Made, received: Received): Delays {
  const arrivals = new Map(received.map(({ id, at }) => [id, at]));
  const arrived = made.map((change) => {
    const at = arrivals.get(change.id);
    if (at === undefined) throw new Error(`the change ${change.id} was never received`);
    return { ...change, at };
  });
  return {
    // The signal may overtake the answer to COMMIT on its way to who measures.
    fromCommit: arrived.map(({ at, committedAt }) => Math.max(0, at - committedAt)),
    fromCall: arrived.map(({ at, calledAt }) => at - calledAt),
  };
}

async function makeTable(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('create table change (id text primary key)');
  } finally {
    await client.end();
  }
}

import type { Curve } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { median } from '../harness/statistics.js';
import type { LoadResult } from '../load/load.js';
import type { Race, Size } from '../race.js';
import { withCheckServers } from './check-http.js';

const CONNECTIONS: Readonly<Record<Size, readonly number[]>> = {
  full: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  quick: [1, 8, 64, 512],
  smoke: [1, 64],
};

/** No goal: two curves, for the gateway and for both peers. */
export const checkConnections: Race = {
  name: 'check-connections',
  question: 'How do throughput and p99 of checks grow with connections?',
  run: (setting) =>
    withCheckServers(setting, async (servers) => {
      const contenders = [
        { name: 'gateway', ask: servers.gateway, results: new Map<number, LoadResult[]>() },
        { name: 'Apollo Server, constant', ask: servers.apollo, results: new Map<number, LoadResult[]>() },
        {
          name: 'Mercurius with JIT, constant',
          ask: servers.mercurius,
          results: new Map<number, LoadResult[]>(),
        },
      ];
      const seconds = Math.min(2, setting.seconds);
      for (const { ask } of contenders) if (setting.warmSeconds > 0) await ask(64, setting.warmSeconds);
      for (const connections of CONNECTIONS[setting.size]) {
        const sides = contenders.map(({ ask }) => new Side(() => ask(connections, seconds)));
        await interleaved(setting.rounds, sides);
        sides.forEach((side, index) => contenders[index]?.results.set(connections, side.results));
      }
      return {
        kind: 'RUN',
        rows: [],
        curves: contenders.flatMap(({ name, results }) => [
          growth(name, results, 'checks/s', ({ perSecond }) => perSecond),
          growth(name, results, 'p99, ms', ({ p99 }) => p99),
        ]),
      };
    }),
};

function growth(
  series: string,
  results: ReadonlyMap<number, readonly LoadResult[]>,
  y: string,
  of: (result: LoadResult) => number,
): Curve {
  const title = y === 'checks/s' ? 'Throughput of checks by connections' : 'p99 of checks by connections';
  return {
    race: 'check-connections',
    chart: title,
    x: 'connections',
    y,
    series,
    points: [...results].map(([connections, runs]) => [connections, median(runs.map(of))]),
  };
}

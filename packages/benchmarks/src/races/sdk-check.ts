import { askMeasure } from '../contenders/measure.js';
import { rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Setting } from '../race.js';

const SDK = 'contenders/sdk-check';
const LOOK_UPS = 'contenders/look-ups';
const MANY = 1000;

/** In process, decisions kept for the report included. A client is of one customer; a service has many. */
export const sdkCheck: Race = {
  name: 'sdk-check',
  question: 'What does a check by the SDK cost, beside two look-ups?',
  async run(setting) {
    const one = await nanoseconds(setting, 1);
    const many = await nanoseconds(setting, MANY);
    const figures = { race: 'sdk-check', unit: 'ns' };
    const peer = (values: readonly number[]) => ({ name: 'two Map look-ups', values });
    return {
      kind: 'RUN',
      rows: [
        rowOf({
          ...{ ...figures, measure: 'one check', own: one.own, peer: peer(one.lookUps) },
          goal: { bound: 'atMost', ratio: 8 },
        }),
        rowOf({
          ...{ ...figures, measure: `one check, clients of ${String(MANY)} customers` },
          ...{ own: many.own, peer: peer(many.lookUps) },
        }),
      ],
    };
  },
};

/** Both asked about so many customers. */
function nanoseconds(
  setting: Setting,
  customers: number,
): Promise<{ readonly own: number[]; readonly lookUps: number[] }> {
  const options = { env: { LICET_BENCH_CUSTOMERS: String(customers) } };
  const starting = [Program.start(SDK, options), Program.start(LOOK_UPS, options)] as const;
  return withPrograms(starting, async (programs) => {
    for (const program of programs) await askMeasure(program, setting.warmSeconds / 2);
    const [own, lookUps] = programs.map(
      (program) => new Side(async () => (await askMeasure(program, setting.seconds / 2)).nanoseconds),
    );
    if (own === undefined || lookUps === undefined) throw new Error('there are two sides');
    await interleaved(setting.rounds, [own, lookUps]);
    return { own: own.results, lookUps: lookUps.results };
  });
}

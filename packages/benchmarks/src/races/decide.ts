import { askMeasure } from '../contenders/measure.js';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf } from '../harness/results.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';

const LAUNCHDARKLY = "LaunchDarkly's SDK, one boolean rule";
const LOOK_UPS = 'two Map look-ups';
const NAMES = ['decide', LAUNCHDARKLY, LOOK_UPS];

/** In process, nothing around it: the contenders' sums are compared with what they must be. */
export const decideRace: Race = {
  name: 'decide',
  question: 'What does one decision cost, beside a feature flag and beside two look-ups?',
  run: (setting) =>
    withPrograms(
      [
        Program.start('contenders/decide'),
        Program.start('contenders/launchdarkly'),
        Program.start('contenders/look-ups'),
      ] as const,
      async (programs) => {
        const seconds = setting.seconds / 2;
        for (const program of programs) await askMeasure(program, setting.warmSeconds / 2);
        const sides = programs.map((program) => new Side(() => askMeasure(program, seconds)));
        await interleaved(setting.rounds, sides);
        sides.forEach((side, index) => {
          const sums = side.results.map(({ sum }) => String(sum)).join(', ');
          setting.say(`the results of ${NAMES[index] ?? ''} add up to ${sums}`);
        });
        const [ours = [], launchdarkly = [], lookups = []] = sides.map((side) =>
          side.results.map(({ nanoseconds }) => nanoseconds),
        );
        const figures = { race: 'decide', unit: 'ns', own: ours };
        return {
          kind: 'RUN',
          rows: [
            rowOf({
              ...figures,
              measure: 'one decision, times as fast',
              peer: { name: LAUNCHDARKLY, values: launchdarkly },
              ratioOf: 'peer / own',
              goal: { bound: 'atLeast', ratio: 10 },
            }),
            rowOf({
              ...figures,
              measure: 'one decision',
              peer: { name: LOOK_UPS, values: lookups },
              goal: { bound: 'atMost', ratio: 8 },
            }),
          ],
        };
      },
    ),
};

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { askMeasure } from '../contenders/measure.js';
import { rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';

/** From `createClient` to the first answer, from a snapshot on the disk and with no gateway; the program itself has started. */
export const sdkStart: Race = {
  name: 'sdk-start',
  question:
    'How long does a client take that starts with no network, beside the verification of its snapshot?',
  async run(setting) {
    const directory = await mkdtemp(path.join(tmpdir(), 'licet-bench-sdk-'));
    try {
      const starting = [
        Program.start('contenders/sdk-start'),
        Program.start('contenders/verification'),
      ] as const;
      return await withPrograms(starting, async ([sdk, verification]) => {
        await sdk.ask('keep', directory);
        await verification.ask('use', directory);
        const measured = (program: Program, seconds: number) => async (): Promise<number> =>
          (await askMeasure(program, seconds)).nanoseconds / 1000;
        for (const program of [sdk, verification]) await measured(program, setting.warmSeconds / 2)();
        const own = new Side(measured(sdk, setting.seconds / 2));
        const peer = new Side(measured(verification, setting.seconds / 2));
        const first = new Side(() => firstOfProcess(directory));
        await interleaved(setting.rounds, [own, peer, first]);
        const figures = { race: 'sdk-start', unit: 'us' };
        return {
          kind: 'RUN',
          rows: [
            rowOf({
              ...{ ...figures, measure: 'kept snapshot to first answer', own: own.results },
              peer: { name: 'one bare Ed25519 verification', values: peer.results },
              goal: { bound: 'atMost', ratio: 5 },
            }),
            rowOf({ ...figures, measure: 'the first in its process', own: first.results }),
          ],
        };
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

/** Microseconds, in a process that has loaded its modules and has done nothing yet. */
function firstOfProcess(directory: string): Promise<number> {
  return withPrograms([Program.start('contenders/sdk-start')] as const, async ([program]) => {
    await program.ask('use', directory);
    return (await askMeasure(program, 0)).nanoseconds / 1000;
  });
}

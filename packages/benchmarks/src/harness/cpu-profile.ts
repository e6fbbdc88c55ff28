import { z } from 'zod';

const profile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** Waiting, and the profiler's own work when it is begun and ended, which shows without a place. */
const NOT_AT_WORK: ReadonlySet<string> = new Set(['(idle) ', '(root) ', 'dispatch ']);

/** A function and the share of the time (0 to 1) in which it was itself at work, not what it called. */
export interface HotSpot {
  readonly name: string;
  readonly place: string;
  readonly share: number;
}

/** The functions of a V8 profile with the most time of their own; waiting for work does not count. */
export function hotSpots(text: string, most: number): HotSpot[] {
  const { nodes, samples, timeDeltas } = profile.parse(JSON.parse(text));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spots = new Map<string, { name: string; place: string; time: number }>();
  let total = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (!frame) return;
    const [name, place] = [frame.functionName || '(anonymous)', placeOf(frame)];
    const key = `${name} ${place}`;
    if (NOT_AT_WORK.has(key)) return;
    const spot = spots.get(key) ?? { name, place, time: 0 };
    const time = timeDeltas[index] ?? 0;
    spots.set(key, { ...spot, time: spot.time + time });
    total += time;
  });
  return [...spots.values()]
    .toSorted((one, other) => other.time - one.time)
    .slice(0, most)
    .map(({ name, place, time }) => ({ name, place, share: time / total }));
}

/** From the package or the app on; programs that V8 brings along have no place. */
function placeOf({ url, lineNumber }: { url: string; lineNumber: number }): string {
  if (url === '') return '';
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/((apps|packages)\/)/, '$1');
  return `${file}:${String(lineNumber + 1)}`;
}

import { getHeapStatistics } from 'node:v8';

/** What a kept state takes: less than 7 kB where one feature was asked about (the race check-customers), 14 where twenty were. */
const STATE_BYTES = 10_000;
const GB = 1_000_000_000;

/** Says how to make room where V8 would end the process before so many states are kept; null: there is room. */
export function lackOfHeap(
  statesKept: number,
  limit: number = getHeapStatistics().heap_size_limit,
): string | null {
  const wanted = statesKept * STATE_BYTES;
  if (wanted <= limit) return null;
  const [states, heap] = [wanted, limit].map((bytes) => (bytes / GB).toFixed(1));
  return `LICET_STATES_KEPT is ${String(statesKept)}: so many states take some ${String(states)} GB, and Node's heap ends at ${String(heap)} GB; keep fewer, or start with NODE_OPTIONS=--max-old-space-size=${String(Math.ceil((wanted * 1.3) / 1_000_000))}`;
}

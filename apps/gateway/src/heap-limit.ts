import { getHeapStatistics } from 'node:v8';

/** Room for a kept state: it takes less than 7 kB where one feature was asked about (the race check-customers), and 14 where twenty were. */
const STATE_BYTES = 13_000;
const GB = 1_000_000_000;
const MIB = 1024 * 1024;

/** Says how to make room where V8 would end the process before so many states are kept; null: there is room. */
export function lackOfHeap(statesKept: number): string | null {
  const [wanted, limit] = [statesKept * STATE_BYTES, getHeapStatistics().heap_size_limit];
  if (wanted <= limit) return null;
  const [states, heap] = [wanted, limit].map((bytes) => (bytes / GB).toFixed(1));
  return `LICET_STATES_KEPT is ${String(statesKept)}: so many states take up to ${String(states)} GB, and Node's heap ends at ${String(heap)} GB; keep fewer, or, where the machine has so much, start with NODE_OPTIONS=--max-old-space-size=${String(Math.ceil(wanted / MIB))}`;
}

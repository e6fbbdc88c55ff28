import type { DecisionRecord } from './record.js';

/** Of what every record holds: names, numbers, the answer. */
const RECORD_BYTES = 512;
const ENTRY_BYTES = 16;

/** About how much memory a record keeps, in bytes: what its caller has sent is counted, the rest is a constant. */
export function roughBytes({ input }: DecisionRecord): number {
  let bytes = RECORD_BYTES;
  for (const name in input) bytes += sizeOf(input[name]);
  return bytes;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = 0;
  if (Array.isArray(value)) for (const one of value) bytes += ENTRY_BYTES + sizeOf(one);
  else for (const [name, one] of Object.entries(value)) bytes += ENTRY_BYTES + name.length + sizeOf(one);
  return bytes;
}

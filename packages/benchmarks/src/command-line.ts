import { parseArgs } from 'node:util';
import { SIZES, type Size } from './race.js';

export interface CommandLine {
  /** Races asked for by name; empty: all. */
  readonly names: readonly string[];
  readonly size: Size;
}

/** Reads `npm run bench -- [race …] [--quick | --smoke]`; an Error that says what is wrong and what there is. */
export function readCommandLine(args: readonly string[], races: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { smoke: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.smoke && values.quick)
    throw new Error('--smoke and --quick exclude each other; give one of them');
  const unknown = positionals.filter((name) => !races.includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no race \`${unknown.join('`, `')}\`; there are ${races.join(', ')}`);
  return { names: positionals, size: SIZES.find((size) => size !== 'full' && values[size]) ?? 'full' };
}

import { parseArgs } from 'node:util';
import { SIZES, type Size } from './race.js';

export interface CommandLine {
  /** Races asked for by name; empty: all. */
  readonly names: readonly string[];
  readonly size: Size;
  /** Whether the figures go into the documents: those of a whole run of full size, and those that are to be published. */
  readonly isPublished: boolean;
}

/**
 * Reads `npm run bench -- [race …] [--publish | --quick | --smoke]`; an Error that says what is wrong and what there is.
 * `--publish` without a name is a whole run, which is published anyway.
 */
export function readCommandLine(args: readonly string[], races: readonly string[]): CommandLine {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { smoke: flag, quick: flag, publish: flag },
    allowPositionals: true,
  });
  if (values.smoke && values.quick)
    throw new Error('--smoke and --quick exclude each other; give one of them');
  const size = SIZES.find((size) => size !== 'full' && values[size]) ?? 'full';
  if (values.publish && size !== 'full')
    throw new Error(`--publish wants figures of the full size; leave out --${size}, or --publish`);
  const unknown = positionals.filter((name) => !races.includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no race \`${unknown.join('`, `')}\`; there are ${races.join(', ')}`);
  const isWhole = positionals.length === 0;
  return { names: positionals, size, isPublished: size === 'full' && (isWhole || values.publish) };
}

import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The guard that this run is to do without, from `BREAK`; throws for one that there is not. `guards.json` names
 * every guard that tests of this package prove, and those tests.
 */
export function brokenGuard(): string {
  const name = process.env['BREAK'] ?? '';
  const guards: unknown = JSON.parse(readFileSync(path.join(__dirname, '../../guards.json'), 'utf8'));
  const names = Object.keys(typeof guards === 'object' && guards !== null ? guards : {});
  if (name !== '' && !names.includes(name))
    throw new Error(`BREAK is \`${name}\`; there are: ${names.join(', ')}`);
  return name;
}

import type { Feature } from '../catalog/catalog.js';
import { nearest } from '../catalog/nearest.js';
import { type FeatureKey, parseFeatureKey } from '../ids.js';
import { type Node, partsOf, textOf } from './ast.js';
import { type Fault, faultAt } from './fault.js';

type Features = ReadonlyMap<FeatureKey, Feature> | 'ANY';

/** The features whose counters a condition reads: they are named in it, so that it is known when it may turn. */
export function usageReads(
  root: Node,
  features: Features,
): { readonly read: ReadonlySet<FeatureKey>; readonly faults: Fault[] } {
  const read = new Set<FeatureKey>();
  const faults: Fault[] = [];
  const known = features === 'ANY' ? [] : [...features.values()];
  const byName: ReadonlyMap<string, Feature> = new Map(known.map((one) => [one.key, one]));
  const visit = (node: Node): void => {
    const name = nameIn(node);
    if (name === null) {
      if (node.op === 'id' && node.args === 'usage') faults.push(faultAt(node, UNNAMED));
      partsOf(node).forEach(visit);
      return;
    }
    const key = features === 'ANY' ? parseFeatureKey(name) : null;
    if (key !== null) {
      read.add(key);
      return;
    }
    const feature = byName.get(name);
    if (feature !== undefined && isCounted(feature)) read.add(feature.key);
    else {
      const message = feature === undefined ? unknown(name, node, byName) : uncounted(feature);
      faults.push({ ...faultAt(node, message), feature: name });
    }
  };
  visit(root);
  return { read, faults };
}

const UNNAMED = '`usage` is read by the name of a feature; write `usage["api-calls"].used` or `.reserved`';

/** `usage.projects` and `usage["projects"]`. */
function nameIn(node: Node): string | null {
  if (node.op !== '.' && node.op !== '[]') return null;
  const [around, key] = node.args;
  if (around.op !== 'id' || around.args !== 'usage') return null;
  if (typeof key === 'string') return key;
  return key.op === 'value' && typeof key.args === 'string' ? key.args : null;
}

function isCounted({ type }: Feature): boolean {
  return type === 'LIMIT' || type === 'METERED';
}

function uncounted({ key, type }: Feature): string {
  return `\`${key}\` is a ${type.toLowerCase()} feature and has no usage; name one that is counted`;
}

function unknown(name: string, node: Node, features: ReadonlyMap<string, Feature>): string {
  const counted = [...features.values()].filter(isCounted).map(({ key }) => key);
  const meant = nearest(name, counted) ?? counted.find((key) => key.startsWith(`${name}-`));
  const remedy = meant === undefined ? 'name one that is counted' : `did you mean \`usage["${meant}"]\`?`;
  return `\`${textOf(node)}\`: there is no feature \`${name}\`; ${remedy}`;
}

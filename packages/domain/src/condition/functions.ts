import { didYouMean } from '../catalog/nearest.js';
import { comprehensionIn, type Node, textOf } from './ast.js';
import { type Fault, faultAt } from './fault.js';

/**
 * What conditions may call. The library knows more: regular expressions that may take for ever, and functions that
 * follow the time zone of the machine.
 */
const FUNCTIONS: ReadonlySet<string> = new Set([
  'has',
  'size',
  'timestamp',
  'duration',
  'int',
  'double',
  'string',
]);
const METHODS: ReadonlySet<string> = new Set([
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'indexOf',
  'lastIndexOf',
  'substring',
  'lowerAscii',
  'upperAscii',
  'trim',
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
  'getSeconds',
]);
const MACROS = ['exists', 'all', 'exists_one', 'filter'];

/** What is wrong with a call, or a literal, by itself. */
export function callFault(node: Node): Fault | null {
  switch (node.op) {
    case 'call':
      return functionFault(node);
    case 'rcall':
      return methodFault(node);
    case 'value':
      return literalFault(node);
    default:
      return null;
  }
}

function functionFault(node: Extract<Node, { op: 'call' }>): Fault | null {
  const [name, [argument]] = node.args;
  if (!FUNCTIONS.has(name))
    return faultAt(node, `there is no function \`${name}\`${oneOf(name, [...FUNCTIONS])}`);
  const isText = argument?.op === 'value' && typeof argument.args === 'string';
  if (name !== 'duration' || isText) return null;
  return faultAt(
    node,
    '`duration` takes a text that stands in the condition; write one, such as `duration("72h")`',
  );
}

function methodFault(node: Extract<Node, { op: 'rcall' }>): Fault | null {
  const [name, , parts] = node.args;
  // The library names the end of the call; the method stands before its arguments.
  if (comprehensionIn(node) !== null) return null;
  if (name === 'matches')
    return faultAt(node, '`matches` may take for ever; use `startsWith`, `endsWith`, `contains` or `==`');
  if (!METHODS.has(name))
    return faultAt(node, `there is no method \`${name}\`${oneOf(name, [...METHODS, ...MACROS])}`);
  if (name.startsWith('get') && parts.length > 0)
    return faultAt(node, `\`${name}\` reckons in UTC here and takes no time zone; take it out`);
  return null;
}

function oneOf(name: string, known: readonly string[]): string {
  const meant = didYouMean(name, known);
  return meant === '' ? `; there are: ${known.join(', ')}` : meant;
}

const LARGEST_INT = 2n ** 63n - 1n;

function literalFault(node: Extract<Node, { op: 'value' }>): Fault | null {
  const value = node.args;
  if (typeof value === 'bigint' && value > LARGEST_INT)
    return faultAt(node, `\`${textOf(node)}\` is more than 2^63-1; write a smaller number`);
  if (typeof value === 'object' && value !== null)
    return faultAt(node, `\`${textOf(node)}\` is neither a text nor a number; write one of these`);
  return null;
}

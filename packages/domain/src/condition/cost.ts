import { LONGEST_LIST } from './bounded.js';
import { comprehensionIn, everyNode, type Node, partsOf } from './ast.js';
import { type Fault, faultAt } from './fault.js';

/** Steps that a condition may take at worst: some milliseconds. */
const MOST_STEPS = 100_000;

/** Why a condition may take too long; null: it is bounded. */
export function costFault(root: Node): Fault | null {
  const nested = nestedComprehension(root);
  if (nested !== null)
    return faultAt(
      nested,
      'a list is gone through for each item of another; one level is what a condition may do',
    );
  if (stepsOf(root) <= MOST_STEPS) return null;
  return faultAt(
    root,
    `the condition may take more than ${String(MOST_STEPS)} steps on lists of ${String(LONGEST_LIST)} items; compare items with fixed values, or make several rules of it`,
  );
}

function nestedComprehension(root: Node): Node | null {
  for (const node of everyNode(root)) {
    const comprehension = comprehensionIn(node);
    if (comprehension === null) continue;
    for (const inner of everyNode(comprehension.body)) if (comprehensionIn(inner) !== null) return inner;
  }
  return null;
}

function stepsOf(node: Node): number {
  const comprehension = comprehensionIn(node);
  if (comprehension === null) return partsOf(node).reduce((sum, part) => sum + stepsOf(part), ownSteps(node));
  const { list, variable, body } = comprehension;
  const name = variable.op === 'id' ? variable.args : null;
  return stepsOf(list) + LONGEST_LIST * listsJoined(list) * stepsPerItem(body, name);
}

/** What is joined is copied, and is as long as its parts together. */
function ownSteps(node: Node): number {
  const isJoin = node.op === '+' && !node.args.every((part) => isSmall(part, null));
  return isJoin ? LONGEST_LIST * listsJoined(node) : 1;
}

/** How many lists a list may be made of, each as long as a list may be. */
function listsJoined(node: Node): number {
  switch (node.op) {
    case '+':
      return listsJoined(node.args[0]) + listsJoined(node.args[1]);
    case '?:':
      return Math.max(listsJoined(node.args[1]), listsJoined(node.args[2]));
    case 'rcall':
      return listsJoined(node.args[1]);
    case 'value':
      return 0;
    default:
      return 1;
  }
}

/** Of the items themselves all together are only so large; what stands beside them is walked again for each. */
function stepsPerItem(node: Node, item: string | null): number {
  const own = walkedAgain(node, item) ? LONGEST_LIST : 1;
  return partsOf(node).reduce((sum, part) => sum + stepsPerItem(part, item), own);
}

function walkedAgain(node: Node, item: string | null): boolean {
  switch (node.op) {
    case 'in':
      return node.args[1].op !== 'list' && !isSmall(node.args[1], item);
    case '==':
    case '!=':
      return !node.args.some((part) => isSmall(part, item));
    case '+':
      return !node.args.every((part) => isSmall(part, item));
    case 'call':
      return node.args[0] === 'size' && !node.args[1].every((part) => isSmall(part, item));
    case 'rcall':
      return node.args[0] === 'size' && !isSmall(node.args[1], item);
    default:
      return false;
  }
}

/** What makes a text of a text: as long as that may be. */
const TEXTS: ReadonlySet<string> = new Set(['string', 'substring', 'lowerAscii', 'upperAscii', 'trim']);

/** The item and its parts, fixed values, counters, and what functions make of these, or what is a number or a time. */
function isSmall(node: Node, item: string | null): boolean {
  switch (node.op) {
    case 'value':
      return true;
    case 'call':
      return !TEXTS.has(node.args[0]) || node.args[1].every((part) => isSmall(part, item));
    case 'rcall':
      return comprehensionIn(node) === null && (!TEXTS.has(node.args[0]) || isSmall(node.args[1], item));
    case 'id':
      return node.args === item || node.args === 'usage' || node.args === 'now';
    case '.':
    case '[]':
      return isSmall(node.args[0], item);
    case '+':
      return node.args.every((part) => isSmall(part, item));
    default:
      return false;
  }
}

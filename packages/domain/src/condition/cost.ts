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
  if (comprehension === null) return partsOf(node).reduce((sum, part) => sum + stepsOf(part), 1);
  const { list, variable, body } = comprehension;
  const name = variable.op === 'id' ? variable.args : '';
  return stepsOf(list) + LONGEST_LIST * stepsPerItem(body, name);
}

/** Of the items themselves all together are only so large; what stands beside them is walked again for each. */
function stepsPerItem(node: Node, item: string): number {
  const own = walkedAgain(node, item) ? LONGEST_LIST : 1;
  return partsOf(node).reduce((sum, part) => sum + stepsPerItem(part, item), own);
}

function walkedAgain(node: Node, item: string): boolean {
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

/** The item and its parts, fixed values, and what functions make, which is never a list. */
function isSmall(node: Node, item: string): boolean {
  switch (node.op) {
    case 'value':
    case 'call':
    case 'rcall':
      return true;
    case 'id':
      return node.args === item;
    case '.':
    case '[]':
      return isSmall(node.args[0], item);
    default:
      return false;
  }
}

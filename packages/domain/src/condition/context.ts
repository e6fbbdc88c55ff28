import { type Node, partsOf } from './ast.js';

/** The facts of a request that a condition reads, by their first name; ALL: any of them. */
export type ContextReads = ReadonlySet<string> | 'ALL';

export function contextReads(root: Node): ContextReads {
  const read = new Set<string>();
  return collect(root, read) ? read : 'ALL';
}

/** False: the condition uses `context` as a whole. */
function collect(node: Node, read: Set<string>): boolean {
  const name = nameIn(node);
  if (name === null) {
    if (node.op === 'id' && node.args === 'context') return false;
    return partsOf(node).every((part) => collect(part, read));
  }
  read.add(name);
  return true;
}

/** `context.region`, `context["region"]` and `"region" in context`. */
function nameIn(node: Node): string | null {
  switch (node.op) {
    case '.':
      return isContext(node.args[0]) ? node.args[1] : null;
    case '[]':
      return isContext(node.args[0]) ? textIn(node.args[1]) : null;
    case 'in':
      return isContext(node.args[1]) ? textIn(node.args[0]) : null;
    default:
      return null;
  }
}

function isContext(node: Node): boolean {
  return node.op === 'id' && node.args === 'context';
}

function textIn(node: Node): string | null {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : null;
}

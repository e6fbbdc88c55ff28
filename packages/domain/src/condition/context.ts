import { type Node, partsOf } from './ast.js';

/** The facts of a request that a condition reads, by their first name; ALL: any of them. */
export type ContextReads = ReadonlySet<string> | 'ALL';

export function contextReads(root: Node): ContextReads {
  return readsOf(root, (node) => isNamed(node, 'context'));
}

/** What a condition reads of the customer, and of the customer's attributes, by their first names; ALL: any of them. */
export interface CustomerReads {
  readonly fields: ContextReads;
  readonly attributes: ContextReads;
}

export function customerReads(root: Node): CustomerReads {
  const fields = readsOf(root, isCustomer);
  return { fields, attributes: fields === 'ALL' ? 'ALL' : readsOf(root, isAttributes) };
}

function readsOf(root: Node, isAsked: (node: Node) => boolean): ContextReads {
  const read = new Set<string>();
  return collect(root, isAsked, read) ? read : 'ALL';
}

/** False: the condition uses what is asked about as a whole. */
function collect(node: Node, isAsked: (node: Node) => boolean, read: Set<string>): boolean {
  const name = nameIn(node, isAsked);
  if (name === null) {
    if (isAsked(node)) return false;
    return partsOf(node).every((part) => collect(part, isAsked, read));
  }
  read.add(name);
  return true;
}

/** `context.region`, `context["region"]` and `"region" in context`. */
function nameIn(node: Node, isAsked: (node: Node) => boolean): string | null {
  switch (node.op) {
    case '.':
      return isAsked(node.args[0]) ? node.args[1] : null;
    case '[]':
      return isAsked(node.args[0]) ? textIn(node.args[1]) : null;
    case 'in':
      return isAsked(node.args[1]) ? textIn(node.args[0]) : null;
    default:
      return null;
  }
}

function isCustomer(node: Node): boolean {
  return isNamed(node, 'customer');
}

function isAttributes(node: Node): boolean {
  return nameIn(node, isCustomer) === 'attributes' && node.op !== 'in';
}

function isNamed(node: Node, name: string): boolean {
  return node.op === 'id' && node.args === name;
}

function textIn(node: Node): string | null {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : null;
}

import type { ASTNode } from '@marcbachmann/cel-js';
import { unreachable } from '../unreachable.js';

export type Node = ASTNode;

/** Macros that run their last argument for each item of a list, under the name that is their first one. */
const COMPREHENSIONS: ReadonlySet<string> = new Set(['exists', 'all', 'exists_one', 'filter']);

/** A macro that runs `body` for each item of `list`, which is called `variable` there. */
export interface Comprehension {
  readonly list: Node;
  readonly variable: Node;
  readonly body: Node;
}

export function comprehensionIn(node: Node): Comprehension | null {
  if (node.op !== 'rcall' || !COMPREHENSIONS.has(node.args[0])) return null;
  const [, list, [variable, body]] = node.args;
  return variable && body ? { list, variable, body } : null;
}

/** The parts of an expression, in the order in which they are written. */
export function partsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    case '[]':
    case '[?]':
    case '?:':
    case '||':
    case '&&':
    case '!=':
    case '==':
    case 'in':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return node.args;
    default:
      return unreachable(node);
  }
}

/** The expression and all that it is made of. */
export function* everyNode(node: Node): Generator<Node> {
  yield node;
  for (const part of partsOf(node)) yield* everyNode(part);
}

export function mentions(node: Node, name: string): boolean {
  for (const part of everyNode(node)) if (part.op === 'id' && part.args === name) return true;
  return false;
}

/** The text that an expression was read from. */
export function textOf({ input, start, end }: Pick<Node, 'input' | 'start' | 'end'>): string {
  return input.slice(start, end);
}

/** `customer.attributes.country`, where an expression is such a path; null: it is another one. */
export function fieldPath(node: Node): string | null {
  if (node.op === 'id') return node.args;
  if (node.op !== '.' && node.op !== '[]') return null;
  const around = fieldPath(node.args[0]);
  if (around === null) return null;
  if (node.op === '.') return `${around}.${node.args[1]}`;
  return `${around}[${textOf(node.args[1])}]`;
}

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

/** The text of a part by itself. Parentheses around what it begins or ends with are not within its bounds: they are put back. */
export function sourceOf(node: Node): string {
  switch (node.op) {
    case 'value':
    case 'id':
    case 'call':
    case 'list':
    case 'map':
      return textOf(node);
    case '!_':
    case '-_':
      return `${node.op.charAt(0)}${enclosed(node.args, between(node.start, node.args.start, node))}`;
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return received(node.args[0], node);
    case 'rcall':
      return received(node.args[1], node);
    case '?:': {
      const [asked, yes, no] = node.args;
      return `${joined(asked, '?', yes)} : ${enclosed(no, between(yes.end, no.start, node))}`;
    }
    default:
      return joined(node.args[0], node.op, node.args[1]);
  }
}

/** What a member, an item or a method is of, and what stands behind it. */
function received(around: Node, node: Node): string {
  const rest = between(around.end, node.end, node);
  const behind = rest.replace(/^[\s)]+/, '');
  return `${enclosed(around, rest.slice(0, rest.length - behind.length))}${behind}`;
}

function joined(left: Node, sign: string, right: Node): string {
  const gap = between(left.end, right.start, left);
  return `${enclosed(left, gap.replaceAll('(', ''))} ${sign} ${enclosed(right, gap.replaceAll(')', ''))}`;
}

/** `beside`: what stands on one side of the part. */
function enclosed(part: Node, beside: string): string {
  return /[()]/.test(beside) ? `(${sourceOf(part)})` : sourceOf(part);
}

function between(start: number, end: number, { input }: Pick<Node, 'input'>): string {
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

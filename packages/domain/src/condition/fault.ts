import { type EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { didYouMean } from '../catalog/nearest.js';
import { fieldPath, type Node } from './ast.js';
import { MEMBERS, STRICT_TIMESTAMP } from './environment.js';

/** Why a text is no condition; `at`: where in it, from 0. */
export interface Fault {
  readonly at: number;
  readonly message: string;
  /** It was concluded from what the catalog says of this feature. */
  readonly feature?: string;
}

export function faultAt(node: Pick<Node, 'start'>, message: string): Fault {
  return { at: node.start, message };
}

type LibraryError = ParseError | CelTypeError;

/** What the library has against a text, with a remedy. Throws what is no finding of the library's. */
export function faultOf(error: unknown, text: string, variables: readonly string[]): Fault {
  if (!(error instanceof ParseError) && !(error instanceof CelTypeError)) throw error;
  return { at: error.range?.start ?? 0, message: messageOf(error, text, variables) };
}

function messageOf(error: LibraryError, text: string, variables: readonly string[]): string {
  switch (error.code) {
    case 'unknown_variable':
      return unknownVariable(error, text, variables);
    case 'no_such_key':
      return unknownMember(error);
    case 'unterminated_string':
      return 'a text is not closed; add its second quote';
    case 'limit_exceeded':
      return 'the condition is too large; make several rules of it';
    case 'no_such_overload':
    case 'no_matching_overload':
      return `${unfit(error, text)}; compare like with like, or convert, as by \`string(…)\` or \`int(…)\``;
    default:
      return `the condition is not understood here: ${plain(error.summary)}${hint(text.slice(error.range?.start ?? 0))}`;
  }
}

function unknownVariable({ range }: LibraryError, text: string, variables: readonly string[]): string {
  const name = text.slice(range?.start, range?.end);
  if (name === 'subscription')
    return 'a rule of the catalog knows no `subscription`; it speaks of all that a customer has, write it into a plan';
  const meant = didYouMean(name, variables);
  return `there is no \`${name}\`${meant === '' ? `; known are: ${variables.join(', ')}` : meant}`;
}

/** The types of the facts are known by the names of their members. */
function unknownMember({ node, range }: LibraryError): string {
  const path = node !== undefined && isAccess(node) ? fieldPath(node.args[0]) : null;
  const name = node?.input?.slice(range?.start, range?.end) ?? '';
  const members = Object.keys(membersOf(path));
  const meant = didYouMean(name, members);
  return `\`${path ?? ''}\` has no \`${name}\`${meant === '' ? `; it has: ${members.join(', ')}` : meant}`;
}

function isAccess(node: object): node is Extract<Node, { op: '.' }> {
  return 'op' in node && node.op === '.';
}

function membersOf(path: string | null): object {
  if (path === 'customer') return MEMBERS.Customer;
  return path === 'subscription' ? MEMBERS.Subscription : MEMBERS.Usage;
}

/** The library's words, as they read within a sentence. */
function plain(summary: string): string {
  const words = summary
    .replaceAll(STRICT_TIMESTAMP, 'timestamp')
    .replaceAll('google.protobuf.Timestamp', 'timestamp')
    .replaceAll('google.protobuf.Duration', 'duration');
  return words.charAt(0).toLowerCase() + words.slice(1);
}

const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^=/, '`==`'],
  [/^(and\b|&)/i, '`&&`'],
  [/^(or\b|\|)/i, '`||`'],
  [/^not\b/i, '`!`'],
];

function hint(rest: string): string {
  const meant = SLIPS.find(([slip]) => slip.test(rest));
  return meant
    ? `; write ${meant[1]}`
    : '; write a CEL expression such as `customer.attributes.country == "DE"`';
}

/** What does not go together: the text, and the types that it has. */
function unfit({ range, summary }: Pick<LibraryError, 'range' | 'summary'>, text: string): string {
  const types = plain(summary).replace(/^(no such overload: |found no matching overload for )/, '');
  return `\`${pathBefore(text, range?.start)}${text.slice(range?.start, range?.end)}\` cannot be worked out (${types})`;
}

/** Of a member the library names the last part alone. */
function pathBefore(text: string, start = 0): string {
  return /(?:\w+\.)+$/.exec(text.slice(0, start))?.[0] ?? '';
}

/** An evaluation's error in words: what was tried, and what it was tried on. */
export function evaluationWords(error: EvaluationError): string {
  return error.node === undefined ? plain(error.summary) : unfit(error, error.node.input);
}

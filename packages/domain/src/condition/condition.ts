import { EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import type { FeatureKey } from '../ids.js';
import { instant, type Instant } from '../time/instant.js';
import { comprehensionIn, fieldPath, type Node, partsOf } from './ast.js';
import { boundedFacts } from './bounded.js';
import type { ContextReads, CustomerReads } from './context.js';
import type { Facts } from './facts.js';
import { evaluationWords } from './fault.js';
import { type NowComparison, turningPoints } from './now.js';

/** What a condition says of some facts. MISSING: facts that it needs are not there. BROKEN: it cannot be evaluated for another reason. */
export type Verdict =
  | { readonly kind: 'MET' | 'NOT_MET' }
  | { readonly kind: 'MISSING'; readonly fields: readonly string[] }
  | { readonly kind: 'BROKEN'; readonly detail: string };

/** What a condition rests on, besides the subscription and the time. */
export interface Reads {
  readonly context: ContextReads;
  readonly customer: CustomerReads;
  readonly usage: ReadonlySet<FeatureKey>;
}

/** A comparison with `now`, and how what it compares with is worked out. */
export interface Turning extends Pick<NowComparison, 'sign' | 'direction'> {
  readonly instant: ParseResult;
  readonly span: ParseResult | null;
}

interface Parts {
  readonly reads: Reads;
  readonly expression: ParseResult;
  readonly turnings: readonly Turning[];
  /** A part of the expression, by itself. */
  readonly partOf: (node: Node) => ParseResult;
}

/** A CEL expression that was checked, and what it says of facts. Made by `readCondition`. */
export class Condition {
  readonly text: string;
  readonly reads: Reads;
  readonly #expression: ParseResult;
  readonly #turnings: readonly Turning[];
  readonly #partOf: Parts['partOf'];
  /** Parts that had to be looked at, so that a fact that goes on missing costs little. */
  readonly #parts: Map<Node, ParseResult>;

  constructor(text: string, { reads, expression, turnings, partOf }: Parts) {
    this.text = text;
    this.reads = reads;
    this.#expression = expression;
    this.#turnings = turnings;
    this.#partOf = partOf;
    this.#parts = new Map([[expression.ast, expression]]);
  }

  /** Whether it says the same for ever, as long as neither request, counters nor customer change. */
  get isTimeless(): boolean {
    return this.#turnings.length === 0;
  }

  /** Whether more than a customer's state is needed to evaluate it. */
  get asksRequest(): boolean {
    return this.#readsContext || this.reads.usage.size > 0;
  }

  get #readsContext(): boolean {
    return this.reads.context === 'ALL' || this.reads.context.size > 0;
  }

  verdict(facts: Facts): Verdict {
    const variables = this.#variables(facts);
    try {
      const value: unknown = this.#expression(variables);
      if (typeof value === 'boolean') return value ? MET : NOT_MET;
      return { kind: 'BROKEN', detail: `\`${this.text}\` is neither true nor false` };
    } catch (error) {
      if (missingField(error) === null) return brokenBy(error);
      const { missing } = this.#findingOf(this.#expression.ast, variables);
      return { kind: 'MISSING', fields: [...new Set(missing)] };
    }
  }

  /** The first instant after `after` at which time alone may turn it; null: never. */
  turnsAfter(facts: Facts, after: Instant): Instant | null {
    let first: number | null = null;
    if (this.isTimeless) return first;
    const variables = this.#variables(facts);
    for (const at of this.#turnings.flatMap((turning) => pointsOf(turning, variables)))
      if (at > after && (first === null || at < first)) first = at;
    return first === null || first > LAST ? null : instant(first);
  }

  /** As it is written: what stands for it where catalogs are compared. */
  toJSON(): string {
    return this.text;
  }

  /** What a part says, or the facts for want of which it says nothing. No part is evaluated twice for those around it. */
  #findingOf(node: Node, variables: Record<string, unknown>): Finding {
    if (node.op === '&&' || node.op === '||') {
      const sides = node.args.map((side) => this.#findingOf(side, variables));
      return jointly(sides, node.op === '||');
    }
    try {
      return { value: this.#part(node)(variables), missing: null };
    } catch (error) {
      const within = neededIn(node).flatMap((part) => this.#missingIn(part, variables));
      return { missing: within.length > 0 ? within : [missingField(error) ?? []].flat() };
    }
  }

  #missingIn(node: Node, variables: Record<string, unknown>): readonly string[] {
    const isTold = node.op === '&&' || node.op === '||' || fieldPath(node) !== null;
    if (isTold) return this.#findingOf(node, variables).missing ?? [];
    return neededIn(node).flatMap((part) => this.#missingIn(part, variables));
  }

  #part(node: Node): ParseResult {
    const part = this.#parts.get(node) ?? this.#partOf(node);
    this.#parts.set(node, part);
    return part;
  }

  #variables({ customer, context, subscription, usage, now }: Facts): Record<string, unknown> {
    return {
      customer,
      subscription,
      context: this.#readsContext ? boundedFacts(context, 'context') : {},
      usage: new Map([...this.reads.usage].map((feature) => [feature, usage(feature)])),
      now: new Date(now),
    };
  }
}

const MET: Verdict = { kind: 'MET' };
const NOT_MET: Verdict = { kind: 'NOT_MET' };

/** Beyond it there are no dates. */
const LAST = 8.64e15;

function pointsOf(
  { instant: at, span, sign, direction }: Turning,
  variables: Record<string, unknown>,
): number[] {
  try {
    const compared: unknown = at(variables);
    const duration: unknown = span === null ? 0 : span(variables);
    if (!(compared instanceof Date)) return [];
    return turningPoints({ sign, direction }, compared.getTime(), Number(duration));
  } catch {
    // What it would be compared with is missing: whatever the time, it cannot be evaluated.
    return [];
  }
}

type Finding = { readonly value: unknown; readonly missing: null } | { readonly missing: readonly string[] };

/** One side that is `deciding` is enough, whatever the other lacks. */
function jointly(sides: readonly Finding[], deciding: boolean): Finding {
  if (sides.some((side) => side.missing === null && side.value === deciding))
    return { value: deciding, missing: null };
  const missing = sides.flatMap((side) => side.missing ?? []);
  return sides.every((side) => side.missing === null) ? { value: !deciding, missing: null } : { missing };
}

/** What is always needed: of two ways only one is, of a list's items it is not known which, and `has` asks for the last member. */
function neededIn(node: Node): readonly Node[] {
  const comprehension = comprehensionIn(node);
  if (comprehension !== null) return [comprehension.list];
  if (node.op === 'call' && node.args[0] === 'has') return node.args[1].flatMap(partsOf);
  return node.op === '?:' ? [node.args[0]] : partsOf(node);
}

/** The name of the fact that is not there; null: something else is wrong. */
function missingField(error: unknown): string | null {
  if (!(error instanceof EvaluationError) || error.code !== 'no_such_key' || !error.node) return null;
  return fieldPath(error.node);
}

/** Facts are the vendor's: whatever they make fail is a verdict, never an exception. */
function brokenBy(error: unknown): Verdict {
  if (error instanceof EvaluationError) return { kind: 'BROKEN', detail: evaluationWords(error) };
  return { kind: 'BROKEN', detail: error instanceof Error ? error.message : String(error) };
}

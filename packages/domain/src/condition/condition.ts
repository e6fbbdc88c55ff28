import { EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import type { FeatureKey } from '../ids.js';
import { instant, type Instant } from '../time/instant.js';
import { fieldPath } from './ast.js';
import { boundedFacts } from './bounded.js';
import type { ContextReads } from './context.js';
import type { Facts } from './facts.js';
import { evaluationWords } from './fault.js';
import { type NowComparison, turningPoints } from './now.js';

/** What a condition says of some facts. MISSING: a fact that it needs is not there. BROKEN: it cannot be evaluated for another reason. */
export type Verdict =
  | { readonly kind: 'MET' | 'NOT_MET' }
  | { readonly kind: 'MISSING'; readonly field: string }
  | { readonly kind: 'BROKEN'; readonly detail: string };

/** What a condition rests on, besides the customer and the subscription. */
export interface Reads {
  readonly context: ContextReads;
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
}

/** A CEL expression that was checked, and what it says of facts. Made by `readCondition`. */
export class Condition {
  readonly text: string;
  readonly reads: Reads;
  readonly #expression: ParseResult;
  readonly #turnings: readonly Turning[];

  constructor(text: string, { reads, expression, turnings }: Parts) {
    this.text = text;
    this.reads = reads;
    this.#expression = expression;
    this.#turnings = turnings;
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
    try {
      const value: unknown = this.#expression(this.#variables(facts));
      if (typeof value === 'boolean') return value ? MET : NOT_MET;
      return { kind: 'BROKEN', detail: `\`${this.text}\` is neither true nor false` };
    } catch (error) {
      return failureOf(error);
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

/** Facts are the vendor's: whatever they make fail is a verdict, never an exception. */
function failureOf(error: unknown): Verdict {
  if (!(error instanceof EvaluationError)) {
    return { kind: 'BROKEN', detail: error instanceof Error ? error.message : String(error) };
  }
  const field = error.code === 'no_such_key' && error.node ? fieldPath(error.node) : null;
  if (field !== null) return { kind: 'MISSING', field };
  return { kind: 'BROKEN', detail: evaluationWords(error) };
}

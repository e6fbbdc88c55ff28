import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import type { Feature } from '../catalog/catalog.js';
import type { FeatureKey } from '../ids.js';
import { everyNode, type Node, sourceOf, textOf } from './ast.js';
import { Condition, type Turning } from './condition.js';
import { contextReads, customerReads } from './context.js';
import { costFault } from './cost.js';
import { catalogEnvironment, planEnvironment, STRICT_TIMESTAMP } from './environment.js';
import { type Fault, faultAt, faultOf } from './fault.js';
import { callFault } from './functions.js';
import { comparisonFault, type NowComparison, nowComparisons } from './now.js';
import { usageReads } from './usage.js';

/** A condition, or all that is wrong with its text, as far as that can be told at once. */
export type ConditionReading =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export interface Surroundings {
  /** PLAN: the rules of a plan, which speak of its subscription. */
  readonly scope: 'PLAN' | 'CATALOG';
  /** ANY: it was read before, among features that are not at hand. */
  readonly features: ReadonlyMap<FeatureKey, Feature> | 'ANY';
}

const LONGEST = 4096;

/** Reads a CEL expression: its syntax, types, cost, and what it says of `now`; docs/rules.md, "Conditions". */
export function readCondition(text: string, { scope, features }: Surroundings): ConditionReading {
  if (text.length > LONGEST) return refused([{ at: 0, message: TOO_LONG }]);
  const environment = scope === 'PLAN' ? planEnvironment : catalogEnvironment;
  const variables = ['customer', 'context', ...(scope === 'PLAN' ? ['subscription'] : []), 'usage', 'now'];
  try {
    return check(text, environment, variables, features);
  } catch (error) {
    return refused([faultOf(error, text, variables)]);
  }
}

const TOO_LONG = `a condition has at most ${String(LONGEST)} characters; make several rules of it`;

function refused(faults: readonly Fault[]): ConditionReading {
  return { ok: false, faults };
}

function check(
  text: string,
  environment: Environment,
  variables: readonly string[],
  features: Surroundings['features'],
): ConditionReading {
  const expression = environment.parse(text);
  const { ast } = expression;
  const usage = usageReads(ast, features);
  const time = nowComparisons(ast);
  const cost = costFault(ast);
  const calls = [...everyNode(ast)].flatMap((node) => callFault(node) ?? []);
  const faults = [...calls, ...usage.faults, ...time.faults, ...(cost === null ? [] : [cost])];
  if (faults.length > 0) return refused(faults);
  const typed = useStrictTimestamps(expression).check();
  if (typed.error !== undefined) return refused([faultOf(typed.error, text, variables)]);
  if (typed.type !== 'bool' && typed.type !== 'dyn')
    return refused([
      faultAt(
        ast,
        `the condition gives \`${String(typed.type)}\`; it must be true or false, compare it with something`,
      ),
    ]);
  const later = [
    ...literalFaults(ast, environment),
    ...time.comparisons.flatMap((one) => timeFault(one, environment)),
  ];
  if (later.length > 0) return refused(later);
  const reads = { context: contextReads(ast), customer: customerReads(ast), usage: usage.read };
  const turnings = time.comparisons.map((one) => turningOf(one, environment));
  const parts = { reads, expression, turnings, partOf: (node: Node) => partOf(node, environment) };
  return { ok: true, condition: new Condition(text, parts) };
}

/** See STRICT_TIMESTAMP. */
function useStrictTimestamps(expression: ParseResult): ParseResult {
  for (const node of everyNode(expression.ast))
    if (node.op === 'call' && node.args[0] === 'timestamp') node.args[0] = STRICT_TIMESTAMP;
  return expression;
}

function partOf(node: Node, environment: Environment): ParseResult {
  return useStrictTimestamps(environment.parse(sourceOf(node)));
}

function timeFault(comparison: NowComparison, environment: Environment): Fault[] {
  return [comparisonFault(comparison, (node) => partOf(node, environment).check().type) ?? []].flat();
}

function turningOf({ sign, direction, instant, span }: NowComparison, environment: Environment): Turning {
  return {
    sign,
    direction,
    instant: partOf(instant, environment),
    span: span === null ? null : partOf(span, environment),
  };
}

/** Times and durations that are written out are tried at once. */
function literalFaults(root: Node, environment: Environment): Fault[] {
  return [...everyNode(root)].flatMap((node) => {
    if (node.op !== 'call' || node.args[1][0]?.op !== 'value') return [];
    const [name] = node.args;
    if (name !== STRICT_TIMESTAMP && name !== 'duration') return [];
    try {
      partOf(node, environment)();
      return [];
    } catch {
      const form =
        name === 'duration'
          ? 'hours, minutes and seconds, such as `72h`'
          : 'RFC 3339 such as `2026-01-15T12:00:00Z`';
      return [faultAt(node, `\`${textOf(node)}\` is none; write ${form}`)];
    }
  });
}

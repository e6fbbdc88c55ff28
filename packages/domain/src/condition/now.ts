import { comprehensionIn, mentions, type Node, partsOf, sourceOf } from './ast.js';
import { type Fault, faultAt } from './fault.js';

const COMPARED = ['<', '<=', '>', '>=', '==', '!='] as const;
export type ComparisonSign = (typeof COMPARED)[number];

/**
 * A comparison with `now`, as the source of the instants at which it turns. SINCE: `now - instant` is compared with
 * `span`; UNTIL: `instant - now` is. Without a span `now` itself is compared with `instant`.
 */
export interface NowComparison {
  /** As if `now`, or the difference, stood on the left. */
  readonly sign: ComparisonSign;
  readonly direction: 'SINCE' | 'UNTIL';
  readonly instant: Node;
  readonly span: Node | null;
}

const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const;

/** Every use of `now` as a comparison, or what is wrong with one; docs/rules.md, "Conditions". */
export function nowComparisons(root: Node): {
  readonly comparisons: NowComparison[];
  readonly faults: Fault[];
} {
  const comparisons: NowComparison[] = [];
  const faults: Fault[] = [];
  const visit = (node: Node, isRepeated: boolean): void => {
    if (!mentions(node, 'now')) return;
    const comparison = comparisonIn(node);
    if (comparison !== null && !isRepeated) comparisons.push(comparison);
    else if (isUse(node)) faults.push(faultAt(node, isRepeated ? REPEATED : MISUSED));
    else
      partsOf(node).forEach((part) => {
        visit(part, isRepeated || comprehensionIn(node)?.body === part);
      });
  };
  visit(root, false);
  return { comparisons, faults };
}

const MISUSED =
  '`now` may only be compared, so that the instant of change is known; write `now < t` or `now - t < duration("72h")`';
const REPEATED = '`now` cannot be compared for each item of a list; compare it outside, with one time';

/** `now` itself, where no comparison around it was understood. */
function isUse(node: Node): boolean {
  return node.op === 'id' && node.args === 'now';
}

function comparisonIn(node: Node): NowComparison | null {
  const sign = COMPARED.find((one) => one === node.op);
  if (sign === undefined || !isComparison(node)) return null;
  const [left, right] = node.args;
  if (!mentions(right, 'now')) return comparisonOf(sign, left, right);
  return mentions(left, 'now') ? null : comparisonOf(MIRRORED[sign], right, left);
}

function isComparison(node: Node): node is Extract<Node, { op: ComparisonSign }> {
  return COMPARED.some((sign) => sign === node.op);
}

function comparisonOf(sign: ComparisonSign, withNow: Node, other: Node): NowComparison | null {
  if (isUse(withNow)) return { sign, direction: 'SINCE', instant: other, span: null };
  if (withNow.op !== '-') return null;
  const [from, taken] = withNow.args;
  if (isUse(from) && !mentions(taken, 'now'))
    return { sign, direction: 'SINCE', instant: taken, span: other };
  if (isUse(taken) && !mentions(from, 'now')) return { sign, direction: 'UNTIL', instant: from, span: other };
  return null;
}

/** What a comparison compares `now` with must be a time, and a difference a duration, whatever the facts are. */
export function comparisonFault(
  { instant, span }: NowComparison,
  typeOf: (node: Node) => string | undefined,
): Fault | null {
  if (typeOf(instant) !== 'google.protobuf.Timestamp')
    return faultAt(
      instant,
      `\`now\` is compared with what may be no time; write \`timestamp(${sourceOf(instant)})\``,
    );
  if (span === null || typeOf(span) === 'google.protobuf.Duration') return null;
  return faultAt(
    span,
    'a difference of times is compared with what may be no duration; write `duration("72h")`',
  );
}

/**
 * The instants at which a comparison turns: `now` is whole milliseconds, the span may be finer. `<` and `>=` turn at
 * the compared instant, `<=` and `>` just after it, `==` and `!=` at both.
 */
export function turningPoints(
  { sign, direction }: Pick<NowComparison, 'sign' | 'direction'>,
  instant: number,
  spanMilliseconds: number,
): number[] {
  const first =
    direction === 'SINCE' ? instant + Math.ceil(spanMilliseconds) : instant - Math.floor(spanMilliseconds);
  const after =
    direction === 'SINCE'
      ? instant + Math.floor(spanMilliseconds) + 1
      : instant - Math.ceil(spanMilliseconds) + 1;
  switch (direction === 'SINCE' ? sign : MIRRORED[sign]) {
    case '<':
    case '>=':
      return [first];
    case '<=':
    case '>':
      return [after];
    case '==':
    case '!=':
      return [first, after];
  }
}

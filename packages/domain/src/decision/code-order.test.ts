import {
  type Case,
  codeOf,
  MAKES,
  MAKES_TWIN,
  NOW,
  type Row,
  rowOf,
  ROWS,
  soundCase,
  stateOf,
  withBrokenRule,
} from '../../testing/code-order.js';
import { explain } from '../explanation/explain.js';
import { decide } from './decide.js';
import { stateAtHand } from './without-state.js';
import { DENYING_CODES } from './decision.js';

/** Pairs of which the second cannot be asked where the first fails: it is told that nobody asked. */
const UNASKED: readonly (readonly [Row, readonly Row[], string])[] = [
  [
    'UNKNOWN_FEATURE',
    ROWS.slice(3).filter((row) => row !== 'DENIED_BY_RULE of the catalog'),
    'a feature that is not there cannot be asked about',
  ],
  ['UNKNOWN_FEATURE', ['UNAVAILABLE'], 'whether it fails closed is for the feature to say'],
  ['UNAVAILABLE', ROWS.slice(2), 'what the customer has is out of reach'],
  ['UNKNOWN_CUSTOMER', ['DENIED_BY_RULE of the catalog'], 'rules speak of a customer'],
];

/** Pairs that cannot apply together. */
const NEVER: readonly (readonly [Row, readonly Row[], string])[] = [
  [
    'UNKNOWN_FEATURE',
    ['DENIED_BY_RULE of the catalog'],
    'a catalog with rules of a feature that it lacks is refused',
  ],
  [
    'UNKNOWN_CUSTOMER',
    ROWS.slice(3).filter((row) => row !== 'DENIED_BY_RULE of the catalog'),
    'who is not there has nothing, and uses nothing',
  ],
  ['NO_ACTIVE_PLAN', ROWS.slice(6), 'it applies where there is no source, and the others speak of one'],
  ['NOT_IN_PLAN', ROWS.slice(7), 'it applies where no source names the feature, and the others speak of one'],
  ['LICENSE_REVOKED', ['LICENSE_SUSPENDED'], 'what is revoked is suspended no more'],
  ['LICENSE_EXPIRED', ['NOT_STARTED'], 'what has ended has begun'],
  ['SUBSCRIPTION_EXPIRED', ['NOT_STARTED', 'SUBSCRIPTION_PAUSED'], 'a subscription has one status'],
  ['NOT_STARTED', ['SUBSCRIPTION_PAUSED'], 'a subscription has one status'],
  ['LICENSE_REVOKED', ['SUBSCRIPTION_EXPIRED', 'SUBSCRIPTION_PAUSED'], 'a licence is no subscription'],
  ['LICENSE_EXPIRED', ['SUBSCRIPTION_EXPIRED', 'SUBSCRIPTION_PAUSED'], 'a licence is no subscription'],
  [
    'SUBSCRIPTION_EXPIRED',
    ['LICENSE_SUSPENDED', 'VERSION_NOT_COVERED', 'NOT_ACTIVATED', 'MACHINE_IN_USE'],
    'a subscription is no licence',
  ],
  ['LICENSE_SUSPENDED', ['SUBSCRIPTION_PAUSED'], 'a licence is no subscription'],
  [
    'SUBSCRIPTION_PAUSED',
    ['VERSION_NOT_COVERED', 'NOT_ACTIVATED', 'MACHINE_IN_USE'],
    'a subscription is no licence',
  ],
  ['NOT_ACTIVATED', ['MACHINE_IN_USE'], 'a machine is activated or not'],
];

const PAIRS = ROWS.flatMap((first, index) => ROWS.slice(index + 1).map((second) => [first, second] as const));
const unasked = pairsIn(UNASKED);
const never = pairsIn(NEVER);
const together = PAIRS.filter(([first, second]) => !unasked.has(nameOf(first, second)))
  .filter(([first, second]) => !never.has(nameOf(first, second)))
  .flatMap(([first, second]) =>
    featuresFor(first, second).map((feature) => [first, second, feature] as const),
  );

test('the rows that are walked are all that there are, in their order', () => {
  expect([...new Set(ROWS.map(codeOf))].toSorted()).toEqual(DENYING_CODES.toSorted());
  expect(PAIRS).toHaveLength((ROWS.length * (ROWS.length - 1)) / 2);
});

test('each pair applies together, or is asked only in part, or cannot be; none is two of these', () => {
  expect([...unasked.keys()].filter((pair) => never.has(pair))).toEqual([]);
  const composed = new Set(together.map(([first, second]) => nameOf(first, second)));
  expect(composed.size + unasked.size + never.size).toBe(PAIRS.length);
});

test.each(ROWS.flatMap((row) => featuresFor(row, row).map((feature) => [row, feature] as const)))(
  'alone %s denies %s',
  (row, feature) => {
    const { code, reasons } = answerTo(MAKES[row](soundCase(feature)));
    expect({ code, reasons }).toEqual({ code: codeOf(row), reasons: [row] });
  },
);

test.each(['export', 'calls'] as const)('where nothing is wrong %s is allowed', (feature) => {
  expect(answerTo(soundCase(feature))).toEqual({ code: 'ENTITLED', reasons: [], skipped: expect.any(Array) });
});

test.each(together)('%s comes before %s, and both are explained (%s)', (first, second, feature) => {
  const { code, reasons } = answerTo(MAKES[first](MAKES[second](soundCase(feature))));
  expect({ code, reasons }).toEqual({ code: codeOf(first), reasons: [first, second] });
});

test.each([...unasked].map(([, { first, second, why }]) => [first, second, why] as const))(
  '%s comes before %s, which cannot be asked: %s',
  (first, second) => {
    const { code, reasons, skipped } = answerTo(MAKES[first](MAKES[second](soundCase('calls'))));
    expect({ code, reasons }).toEqual({ code: codeOf(first), reasons: [first] });
    expect(skipped).toContain(codeOf(second));
  },
);

test.each([...never].map(([, { first, second, why }]) => [first, second, why] as const))(
  '%s and %s never apply together: %s',
  (first, second) => {
    for (const made of [
      MAKES[first](MAKES[second](soundCase('calls'))),
      MAKES[second](MAKES[first](soundCase('calls'))),
    ])
      expect(answerTo(made).reasons).not.toEqual(expect.arrayContaining([first, second]));
  },
);

const OF_A_SOURCE = ROWS.filter((row) => row in MAKES_TWIN);
const ofTwoSources = PAIRS.filter(([first, second]) =>
  [first, second].every((row) => OF_A_SOURCE.includes(row)),
);

test.each(ofTwoSources)(
  'of two sources the one that got further speaks: %s of one, %s of the other',
  (first, second) => {
    for (const [own, twins] of [
      [first, second],
      [second, first],
    ] as const) {
      const made = MAKES_TWIN[twins]?.(MAKES[own](soundCase('export')));
      if (made === undefined) throw new Error(`no source fails ${twins}`);
      const { code, reasons } = answerTo(made);
      const [speaking, other] = isOneRow(first, second) ? [first, second] : [second, first];
      expect({ code, reasons }).toEqual({ code: codeOf(speaking), reasons: [speaking, other] });
    }
  },
);

test.each(OF_A_SOURCE.flatMap((row) => featuresFor(row, row).map((feature) => [row, feature] as const)))(
  'a rule of the catalog that cannot be evaluated has its place in the order beside %s of a source (%s)',
  (row, feature) => {
    const { code, reasons } = answerTo(withBrokenRule(MAKES[row](soundCase(feature))));
    const inOrder = ROWS.filter((other) => other === row || other === 'CONDITION_NOT_MET');
    expect({ code, reasons }).toEqual({ code: inOrder.map(codeOf)[0], reasons: inOrder });
  },
);

test.each(OF_A_SOURCE)('beside a source that passes %s of another is no reason', (row) => {
  const made = MAKES_TWIN[row]?.(soundCase('export'));
  if (made === undefined) throw new Error(`no source fails ${row}`);
  expect(answerTo(made)).toMatchObject({ code: 'ENTITLED', reasons: [] });
});

/** What is decided, the rows that are given as reasons, each once, and the codes that were not asked. */
function answerTo(made: Case) {
  const { feature, memberId, context, productVersion } = made;
  const asked = { feature, quantity: 1, memberId, context, productVersion, fingerprint: 'own' };
  const state = stateAtHand(stateOf(made), asked, NOW, made.knownAt);
  const { decision, reasons, steps } = explain(state, asked, NOW);
  expect(decision).toEqual(decide(state, asked, NOW));
  return {
    code: decision.code,
    reasons: [...new Set(reasons.map(rowOf))],
    skipped: steps.filter(({ outcome }) => outcome === 'SKIPPED').map(({ rule }) => rule),
  };
}

/** Row 9 is of both, and the licence comes first. */
function isOneRow(first: Row, second: Row): boolean {
  return first === 'LICENSE_EXPIRED' && second === 'SUBSCRIPTION_EXPIRED';
}

/** What is not counted has no limit. */
function featuresFor(first: Row, second: Row): readonly Case['feature'][] {
  return first === 'LIMIT_EXCEEDED' || second === 'LIMIT_EXCEEDED' ? ['calls'] : ['export', 'calls'];
}

function nameOf(first: Row, second: Row): string {
  return `${first}, ${second}`;
}

function pairsIn(
  listed: readonly (readonly [Row, readonly Row[], string])[],
): Map<string, { first: Row; second: Row; why: string }> {
  return new Map(
    listed.flatMap(([first, others, why]) =>
      others
        .filter((second) => ROWS.indexOf(second) > ROWS.indexOf(first))
        .map((second) => [nameOf(first, second), { first, second, why }] as const),
    ),
  );
}

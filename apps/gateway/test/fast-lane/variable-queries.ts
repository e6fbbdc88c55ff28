import type { Operation } from './two-ways.js';

/** Values for a variable of each type, where it is used, right ones and wrong ones. */
const VARIABLES: readonly {
  readonly type: string;
  readonly use: string;
  readonly values: readonly unknown[];
}[] = [
  {
    type: 'Quantity!',
    use: 'check(input: { customerId: "ada", feature: "projects", quantity: $v }) { allowed remaining }',
    values: [0, 1, 51, 2 ** 53 - 1, 2 ** 53, -1, 1.5, '3', true, null, [1], {}],
  },
  {
    type: 'Quantity! = 7',
    use: 'check(input: { customerId: "bob", feature: "projects", quantity: $v }) { allowed remaining }',
    values: [2, null],
  },
  {
    type: 'Quantity = 7',
    use: 'customer(id: "bob") { check(feature: "projects", quantity: $v) { allowed remaining } }',
    values: [2, null, 'x'],
  },
  { type: 'ID!', use: 'customer(id: $v) { id }', values: ['ada', 'nobody', '', 7, 1.5, true, null, ['ada']] },
  { type: 'ID! = "bob"', use: 'customer(id: $v) { id }', values: ['ada', null] },
  { type: 'ID = "bob"', use: 'customer(id: $v) { id }', values: ['ada', null, {}] },
  {
    type: 'String',
    use: 'customers(search: $v) { edges { node { id } } }',
    values: ['ad', '', null, 3, '"\\\u2028é\ud83d\ude00'],
  },
  { type: 'String = "zo"', use: 'customers(search: $v) { edges { node { id } } }', values: ['ad', null] },
  {
    type: 'Boolean! = true',
    use: 'customer(id: "ada") { subscriptions(ended: $v) { status } }',
    values: [true, false, null, 'true', 1],
  },
  {
    type: 'Boolean = true',
    use: 'customer(id: "ada") { subscriptions(ended: $v) { status } }',
    values: [false, null],
  },
  {
    type: 'Int!',
    use: 'customers(first: $v) { edges { node { id } } }',
    values: [1, 100, 0, 101, -1, 2 ** 31, 1.5, '1', null],
  },
  { type: 'Int! = 2', use: 'customers(first: $v) { edges { node { id } } }', values: [1] },
  { type: 'Int', use: 'customers(first: $v) { edges { node { id } } }', values: [] },
  {
    type: 'DateTime',
    use: 'events(since: $v, first: 1) { edges { node { type } } }',
    values: ['2020-01-01T00:00:00Z', '2020-01-01', 'soon', 5, null],
  },
  {
    type: 'DateTime = "2020-01-01T00:00:00.000Z"',
    use: 'events(until: $v, first: 1) { edges { node { type } } }',
    values: [null, '2021-02-03T04:05:06+07:00'],
  },
  {
    type: 'Cursor',
    use: 'events(after: $v, first: 1) { edges { node { type } } }',
    values: ['nonsense', null, 4],
  },
  {
    type: 'Revision',
    use: 'entitlements(customerId: "ada", atLeast: $v) { stale }',
    values: ['nonsense', '0000000000000001-00000000', null, 4],
  },
  {
    type: '[String!]',
    use: 'events(types: $v, first: 2) { edges { node { type } } }',
    values: [['customer.created'], 'customer.created', [], [null], [3], null],
  },
  {
    type: '[String!] = ["customer.created"]',
    use: 'events(types: $v, first: 2) { edges { node { type } } }',
    values: [[]],
  },
  {
    type: 'JSONObject',
    use: 'customer(id: "ada") { check(feature: "sso", context: $v) { code } }',
    values: [{}, { a: [1, { b: null }], __proto__x: 1 }, [], 'x', null],
  },
  {
    type: 'JSONObject = { a: 1 }',
    use: 'customer(id: "ada") { check(feature: "sso", context: $v) { code } }',
    values: [{ b: 2 }],
  },
  {
    type: 'CheckInput!',
    use: 'check(input: $v) { allowed code limit quantity: used }',
    values: [
      { customerId: 'ada', feature: 'projects' },
      { customerId: 'ada', feature: 'projects', quantity: 60 },
      { customerId: 'nobody', feature: 'projects' },
      { customerId: 'ada', feature: 'no-such' },
      { customerId: 'ada', feature: 'ai-credits' },
      { customerId: 'ada', feature: 'editors' },
      { customerId: '', feature: 'projects' },
      { customerId: 'ada', feature: 'projects', quantity: null },
      { customerId: 'ada', feature: 'projects', context: null, memberId: null, atLeast: null },
      { customerId: 'ada', feature: 'projects', atLeast: 'x' },
      { customerId: 'ada', feature: 'projects', atLeast: '0000000000009999-00000000' },
      { customerId: 'ada', feature: 'projects', nothing: 1 },
      { customerId: 'ada' },
      {},
      [],
      'ada',
      null,
    ],
  },
  {
    type: 'CheckInput! = { customerId: "bob", feature: "support" }',
    use: 'check(input: $v) { value }',
    values: [{ customerId: 'ada', feature: 'support' }],
  },
  {
    type: '[CheckInput!]!',
    use: 'checkMany(inputs: $v) { allowed customerId feature }',
    values: [
      [],
      { customerId: 'ada', feature: 'sso' },
      [
        { customerId: 'ada', feature: 'sso' },
        { customerId: 'bob', feature: 'sso' },
      ],
      [{ customerId: 'ada', feature: 'sso' }, { customerId: 'bob' }],
      [{ customerId: 'ada', feature: 'sso' }, null],
      [
        { customerId: 'ada', feature: 'sso' },
        { customerId: '\n', feature: 'sso' },
      ],
      Array.from({ length: 1001 }, () => ({ customerId: 'ada', feature: 'sso' })),
    ],
  },
];

export function variableQueries(): Operation[] {
  return VARIABLES.flatMap(({ type, use, values }) => {
    const document = `query Q($v: ${type}) { ${use} }`;
    const given = values.map((value) => ({
      name: `$v: ${type} is ${JSON.stringify(value).slice(0, 80)} in ${use}`,
      document,
      variables: { v: value },
    }));
    return [
      ...given,
      { name: `$v: ${type} is left out in ${use}`, document },
      { name: `$v: ${type} is left out beside another in ${use}`, document, variables: { other: 1 } },
    ];
  });
}

import { getIntrospectionQuery } from 'graphql';
import type { Body, Operation } from './two-ways.js';

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

function variableQueries(): Operation[] {
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

const CONDITIONAL = `query Q($a: Boolean!, $b: Boolean = true, $c: Boolean! = false) {
  tenant @include(if: $a) { name id @skip(if: $b) ...T @include(if: $c) }
  tenant @skip(if: $a) { timeZone ... on Tenant @include(if: $b) { name } }
  plans @include(if: $c) { key }
}
fragment T on Tenant { timeZone approvalsFor @include(if: $b) }`;

const FIVE_CONDITIONS = `query Q($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: Boolean!) {
  tenant { name @include(if: $a) id @include(if: $b) timeZone @include(if: $c) approvalsFor @skip(if: $d) __typename @skip(if: $e) } }`;

function conditionalQueries(): Operation[] {
  const values = [true, false, null, undefined];
  const combined: Body[] = values.flatMap((a) => values.flatMap((b) => values.map((c) => ({ a, b, c }))));
  return [
    ...combined.map((variables) => ({
      name: `conditions ${JSON.stringify(variables)}`,
      document: CONDITIONAL,
      variables,
    })),
    {
      name: 'more conditions than are compiled',
      document: FIVE_CONDITIONS,
      variables: { a: true, b: false, c: true, d: true, e: false },
    },
    { name: 'a condition that is no Boolean', document: CONDITIONAL, variables: { a: 'yes' } },
    { name: 'everything skipped', document: '{ tenant @skip(if: true) { name } }' },
    { name: 'everything skipped inside', document: '{ tenant { name @include(if: false) } }' },
    {
      name: 'literal conditions',
      document: '{ tenant { name @skip(if: false) id @include(if: true) timeZone @include(if: false) } }',
    },
  ];
}

const SEVERAL = `query A { tenant { name } } query B($first: Int! = 1) { customers(first: $first) { edges { node { id } } } } mutation C { upsertCustomer(input: { id: "" }) { revision } }`;

const WRITTEN: readonly Omit<Operation, 'name'>[] = [
  // Several operations
  { document: SEVERAL, operationName: 'A' },
  { document: SEVERAL, operationName: 'B' },
  { document: SEVERAL, operationName: 'B', variables: { first: 2 } },
  { document: SEVERAL, operationName: 'B', variables: { first: 'x' } },
  { document: SEVERAL, operationName: 'C' },
  { document: SEVERAL, operationName: 'D' },
  { document: SEVERAL, operationName: '' },
  { document: SEVERAL },
  { document: 'query A { tenant { name } }', operationName: 'A' },
  { document: 'query A { tenant { name } }', operationName: 'B' },
  { document: 'fragment F on Tenant { name }' },
  { document: 'subscription { events { id } }' },
  { document: 'subscription S($after: Cursor) { planChanged(after: $after) { at } }' },
  // Refused documents
  { document: '{ tenant { name } }}' },
  { document: '{ tenant(: 1) { name } }' },
  { document: '{ tenant { } }' },
  { document: '{ nothing }' },
  { document: '{ tenant { nothing } }' },
  { document: '{ tenant }' },
  { document: '{ tenant { name { first } } }' },
  { document: '{ check { code } }' },
  { document: '{ check(input: {}) { code } }' },
  { document: '{ check(input: { customerId: "ada", feature: 3 }) { code } }' },
  { document: '{ check(input: { customerId: "ada", feature: "sso", other: 1 }) { code } }' },
  { document: '{ check(input: { customerId: "ada", feature: "sso", quantity: -1 }) { code } }' },
  { document: '{ check(input: { customerId: "ada", feature: "sso", quantity: null }) { code } }' },
  { document: '{ customers(first: 1.5) { totalCount } }' },
  { document: '{ events(since: "soon") { edges { cursor } } }' },
  { document: 'query Q($v: Nothing) { tenant { name } }' },
  { document: 'query Q($v: Int) { tenant { name } }', variables: { v: 1 } },
  { document: '{ tenant { ...F } }' },
  { document: '{ tenant { ...F } } fragment F on Tenant { name ...F }' },
  { document: '{ tenant { ... on Plan { key } } }' },
  { document: '{ tenant { name @skip } }' },
  { document: '{ tenant { name @nothing } }' },
  { document: '{ tenant { a: name a: id } }' },
  {
    document: `{ customer(id: "ada") ${'{ subscriptions { customer '.repeat(6)} { id } ${'} }'.repeat(6)} }`,
  },
  // Errors of resolvers, nulls that spread, lists
  { document: '{ check(input: { customerId: "ada", feature: "editors" }) { code } }' },
  { document: '{ customer(id: "ada") { id check(feature: "editors") { code } } }' },
  { document: '{ tenant { name } customer(id: "ada") { id check(feature: "editors") { code } } }' },
  {
    document:
      '{ a: customer(id: "ada") { check(feature: "editors") { code } } b: customer(id: "bob") { check(feature: "ai-credits") { code } } }',
  },
  {
    document:
      '{ customer(id: "ada") { a: check(feature: "editors") { code } b: check(feature: "ai-credits") { code } name } }',
  },
  { document: '{ customers(first: 3) { edges { node { id check(feature: "editors") { code } } } } }' },
  { document: '{ tenant { name } check(input: { customerId: "", feature: "sso" }) { code } }' },
  {
    document:
      '{ a: check(input: { customerId: "", feature: "sso" }) { code } b: check(input: { customerId: "ada", feature: "editors" }) { code } }',
  },
  { document: '{ customer(id: "nobody") { id } subscription(id: "sub_nothing") { id } }' },
  {
    document:
      '{ customer(id: "eve") { licenses { totalCount pageInfo { hasNextPage } edges { cursor node { id status model keyHint startsAt expiresAt graceEndsAt quantities { feature quantity } plan { key } planVersion { version } customer { id } } } } } }',
  },
  { document: '{ license(id: "lic_nothing") { id } other: license(id: "sub_1") { status } }' },
  { document: '{ entitlements(customerId: "nobody") { revision } }' },
  {
    document:
      '{ explain(input: { customerId: "ada", feature: "teleport" }) { decision { code } steps { rule outcome detail source { id } } reasons { code message } remedies { kind } since { type data } } }',
  },
  {
    document:
      '{ explain(input: { customerId: "ada", feature: "sso" }, at: "2020-01-01T00:00:00Z") { since { id } } }',
  },
  { document: '{ customers(first: 0) { totalCount } }' },
  { document: '{ customers(first: 1, after: "nonsense") { totalCount } }' },
  {
    document:
      '{ customer(id: "zoe") { name attributes subscriptions { id } usage(feature: "sso") { used } check(feature: "support") { value limit validUntil sources { id } } } }',
  },
  {
    document:
      '{ customer(id: "eve") { entitlements { entitlements { feature limit unlimited remaining value resetsAt } } usage(feature: "projects") { limit remaining unlimited history(first: 2) { quantity } } } }',
  },
  { document: '{ customer(id: "ada") { usage(feature: "api-calls") { history(first: 0) { quantity } } } }' },
  { document: '{ checkMany(inputs: []) { code } }' },
  // Values as documents write them
  {
    document:
      '{ check(input: { customerId: 7, feature: """projects""", quantity: 2, context: { a: [1, 2.5, "x", null, true, E] } }) { code customerId } }',
  },
  {
    document:
      'query Q($c: ID!, $f: String = "sso", $n: Quantity! = 0) { check(input: { customerId: $c, feature: $f, quantity: $n, context: { a: $c, b: [$f] } }) { code customerId feature } }',
    variables: { c: 'ada' },
  },
  {
    document:
      'query Q($c: ID!, $f: String = "sso") { check(input: { customerId: $c, feature: $f }) { code } }',
    variables: { c: 'ada', f: null },
  },
  {
    document: 'query Q($c: ID!) { checkMany(inputs: { customerId: $c, feature: "sso" }) { code } }',
    variables: { c: 'ada' },
  },
  {
    document:
      'query Q($i: CheckInput!) { checkMany(inputs: [$i, { customerId: "bob", feature: "sso" }]) { code } }',
    variables: { i: { customerId: 'ada', feature: 'sso' } },
  },
  { document: '{ events(first: 1, types: "customer.created") { edges { node { type data } } } }' },
  { document: '{ events(first: 1, since: null, types: null) { edges { node { type } } } }' },
  // Names
  { document: '{ __proto__: tenant { constructor: name toString: id } }' },
  { document: '{ __typename a: __typename tenant { __typename t: __typename } }' },
  { document: 'mutation { __typename }' },
  { document: '{ tenant { name name id name } tenant { timeZone } }' },
  { document: '# a comment\nquery Q { # another\n  tenant { name }, , }' },
  { document: '\ufeff{ tenant { name } }' },
  // Introspection and federation
  { document: getIntrospectionQuery() },
  {
    document:
      '{ __type(name: "Decision") { kind name description fields(includeDeprecated: true) { name args { name defaultValue } type { kind name ofType { name } } } } }',
  },
  {
    document: 'query Q($n: String!) { __type(name: $n) { name enumValues { name } } }',
    variables: { n: 'DecisionCode' },
  },
  { document: '{ __type(name: "Nothing") { name } }' },
  { document: '{ __schema { queryType { name } directives { name locations args { name } } } }' },
  { document: '{ _service { sdl } }' },
  {
    document:
      'query Q($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Customer { id name } ... on Plan { key name } ... on Feature { unit } } }',
    variables: {
      r: [
        { __typename: 'Customer', id: 'ada' },
        { __typename: 'Plan', key: 'pro' },
        { __typename: 'Feature', key: 'projects' },
        { __typename: 'Customer', id: 'nobody' },
      ],
    },
  },
  {
    document:
      'query Q($r: [_Any!]!) { _entities(representations: $r) { ... on Customer { check(feature: "editors") { code } } ...P } } fragment P on Plan { key entitlements { feature { key } } }',
    variables: {
      r: [
        { __typename: 'Customer', id: 'ada' },
        { __typename: 'Plan', key: 'free' },
      ],
    },
  },
  {
    document: 'query Q($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
    variables: { r: [{ __typename: 'Nothing' }] },
  },
  {
    document: 'query Q($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
    variables: { r: [{ __typename: 'Tenant' }] },
  },
  {
    document:
      '{ _entities(representations: [{ __typename: "Customer", id: "ada" }]) { ... on Customer { id } } }',
  },
  // What clients accept
  ...[
    '*/*',
    'application/json',
    'application/graphql-response+json',
    'application/graphql-response+json, application/json',
    'application/graphql-response+json,application/json;q=0.9',
    'application/json, text/plain, */*',
    'application/json;q=0.5, application/graphql-response+json',
    'multipart/mixed;deferSpec=20220824, application/json',
    'application/*',
    'text/html',
    'image/png',
    '',
  ].flatMap((accept) => [
    { document: '{ tenant { name } }', headers: { accept } },
    { document: '{ check(input: { customerId: "", feature: "x" }) { code } }', headers: { accept } },
    { document: '{ customers(first: "x") { totalCount } }', headers: { accept } },
  ]),
  { document: '{ tenant { name } }', headers: { 'content-type': 'application/json; charset=utf-8' } },
  { document: '{ tenant { name } }', headers: { 'content-type': 'text/plain' } },
  { document: '{ tenant { name } }', headers: { 'content-type': 'application/graphql' } },
  { document: '{ tenant { name } }', headers: { authorization: 'Bearer lk_nothing' } },
  { document: '{ tenant { name } }', headers: { authorization: '' } },
];

export function writtenQueries(): Operation[] {
  const written = WRITTEN.map((operation) => ({
    ...operation,
    name: `${JSON.stringify(operation.headers ?? operation.operationName ?? '')} ${operation.document.slice(0, 120)}`,
  }));
  return [...variableQueries(), ...conditionalQueries(), ...written];
}

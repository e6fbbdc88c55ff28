import { getIntrospectionQuery } from 'graphql';
import type { Operation } from './two-ways.js';

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
  return WRITTEN.map((operation) => ({
    ...operation,
    name: `${JSON.stringify(operation.headers ?? operation.operationName ?? '')} ${operation.document.slice(0, 120)}`,
  }));
}

import type { Body, Operation } from './two-ways.js';

const CONDITIONAL = `query Q($a: Boolean!, $b: Boolean = true, $c: Boolean! = false) {
  tenant @include(if: $a) { name id @skip(if: $b) ...T @include(if: $c) }
  tenant @skip(if: $a) { timeZone ... on Tenant @include(if: $b) { name } }
  plans @include(if: $c) { key }
}
fragment T on Tenant { timeZone approvalsFor @include(if: $b) }`;

const FIVE_CONDITIONS = `query Q($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: Boolean!) {
  tenant { name @include(if: $a) id @include(if: $b) timeZone @include(if: $c) approvalsFor @skip(if: $d) __typename @skip(if: $e) } }`;

export function conditionalQueries(): Operation[] {
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

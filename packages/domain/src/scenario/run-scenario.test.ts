import { readFileSync } from 'node:fs';
import path from 'node:path';
import { releaseFrom } from '../../testing/states.js';
import { runScenario } from './run-scenario.js';

const EXAMPLE = releaseFrom(readFileSync(path.join(__dirname, '../catalog/fixtures/example.yaml'), 'utf8'));

test("the example's scenarios pass", () => {
  const results = EXAMPLE.catalog.scenarios.map((scenario) => runScenario(EXAMPLE, scenario));
  expect(results).toHaveLength(6);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});

const CALLS = `catalog: 1
name: x
features: { calls: { type: metered, window: P1M, anchor: calendar } }
plans: { p: { model: subscription, period: P1M, entitlements: { calls: 100 } } }
scenarios:
`;

function results(scenarios: string) {
  const release = releaseFrom(CALLS + scenarios);
  return release.catalog.scenarios.map((scenario) => runScenario(release, scenario));
}

test('an expected time is compared as the instant that it means', () => {
  const ofOffset = (offset: string): string =>
    `  - { name: s, given: { plan: p }, check: { feature: calls }, expect: { resetsAt: "2026-02-01T02:00:00${offset}" } }\n`;
  expect(results(ofOffset('+02:00') + ofOffset('Z'))).toMatchObject([
    { passed: true, expected: { resetsAt: '2026-02-01T00:00:00.000Z' } },
    { passed: false, actual: { resetsAt: '2026-02-01T00:00:00.000Z' } },
  ]);
});

test('only what is named is compared', () => {
  expect(
    results(
      `  - { name: s, given: { plan: p, usage: { calls: 40 } }, check: { feature: calls }, expect: { remaining: 60, value: null } }\n`,
    ),
  ).toMatchObject([{ passed: true, actual: { remaining: 60, value: null } }]);
});

test('a scenario says what the request sends, and what the customer is', () => {
  const release = releaseFrom(`catalog: 1
name: x
features: { sso: { type: boolean } }
plans:
  p:
    model: subscription
    rules: [{ name: r, feature: sso, when: context.region == customer.attributes.region, then: allow }]
scenarios:
  - { name: fits, given: { plan: p, customer: { attributes: { region: eu } } }, check: { feature: sso, context: { region: eu } }, expect: { code: ENTITLED } }
  - { name: does not, given: { plan: p, customer: { attributes: { region: eu } } }, check: { feature: sso, context: { region: us } }, expect: { code: CONDITION_NOT_MET } }
  - { name: nothing sent, given: { plan: p, customer: { attributes: { region: eu } } }, check: { feature: sso }, expect: { code: CONDITION_NOT_MET } }
`);
  const results = release.catalog.scenarios.map((scenario) => runScenario(release, scenario));
  expect(results).toMatchObject([{ passed: true }, { passed: true }, { passed: true }]);
});

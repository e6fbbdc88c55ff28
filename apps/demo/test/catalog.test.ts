import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Catalog,
  instant,
  parseCatalogYaml,
  parseTimeZone,
  type PlanKey,
  type PlanVersion,
  type Release,
  runScenario,
} from '@licet/domain';

function demoCatalog(): Catalog {
  const parse = parseCatalogYaml(readFileSync(path.join(__dirname, '../catalog.yaml'), 'utf8'));
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems, null, 2));
  return parse.catalog;
}

const catalog = demoCatalog();
const utc = parseTimeZone('UTC');
if (utc === null) throw new Error('UTC is a time zone');
const release: Release = {
  number: 1,
  publication: { version: 1, at: instant(0), undoesAfter: null, timeZone: utc },
  catalog,
  planVersions: new Map<PlanKey, PlanVersion>(
    [...catalog.plans.values()].map((plan) => [plan.key, { plan, version: 1 }]),
  ),
  addOnVersions: new Map([...catalog.addOns.values()].map((addOn) => [addOn.key, { addOn, version: 1 }])),
};

test('the demo catalog keeps the plans and features that the documents speak of', () => {
  expect([...catalog.plans.keys()]).toEqual([
    'free',
    'pro',
    'enterprise',
    'metered',
    'desktop-perpetual',
    'studio-seats',
  ]);
  expect([...catalog.features.keys()]).toEqual([
    'sso',
    'projects',
    'api-calls',
    'render-minutes',
    'ai-credits',
    'editors',
    'viewers',
    'support',
    'eu-hosting',
    'desktop',
    'rendering',
  ]);
});

test.each(catalog.scenarios.map((scenario) => [scenario.name, scenario] as const))(
  'scenario: %s',
  (_name, scenario) => {
    const result = runScenario(release, scenario);
    expect(result).toMatchObject({ passed: true });
  },
);

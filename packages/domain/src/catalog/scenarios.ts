import type { AddOnKey, FeatureKey, PlanKey } from '../ids.js';
import { type Instant, parseInstant } from '../time/instant.js';
import type { AddOn, Feature, Plan, Scenario } from './catalog.js';
import type { ScenarioDocument } from './scenario-document.js';
import type { Path, Report } from './problem.js';
import { entriesOf, mustExist } from './references.js';
import { buildScenarioBlocks } from './scenario-blocks.js';
import { buildScenarioSeats } from './scenario-seats.js';
import { buildScenarioGrants } from './scenario-grants.js';
import { buildScenarioLicenses } from './scenario-licenses.js';

export interface Known {
  readonly features: ReadonlyMap<FeatureKey, Feature>;
  readonly plans: ReadonlyMap<PlanKey, Plan>;
  readonly addOns: ReadonlyMap<AddOnKey, AddOn>;
}

/** When a scenario asks, where it does not say. */
const NOW = parseInstant('2026-01-15T12:00:00Z');

export function buildScenarios(
  documents: readonly ScenarioDocument[],
  known: Known,
  report: Report,
): Scenario[] {
  return documents.map((document, index) => buildScenario(document, known, ['scenarios', index], report));
}

function buildScenario(document: ScenarioDocument, known: Known, path: Path, report: Report): Scenario {
  checkScenario(document, known, path, report);
  const { given, check } = document;
  return {
    name: document.name,
    given: {
      plans: placedPlans(given, path).map(({ key }) => key),
      addOns: given.addOns ?? [],
      quantities: new Map(entriesOf(given.quantities ?? {})),
      usage: new Map(entriesOf(given.usage ?? {})),
      customer: {
        attributes: given.customer?.attributes ?? {},
        timeZone: given.customer?.timeZone ?? null,
        createdAt: given.customer?.createdAt ?? null,
      },
      status: given.status ?? null,
      paidUntil: given.paidUntil ?? null,
      startedAt: given.startedAt ?? null,
      now: given.now ?? defaultNow(),
      licenses: buildScenarioLicenses(
        given.licenses ?? [],
        { plans: known.plans, now: given.now ?? defaultNow() },
        [...path, 'given', 'licenses'],
        report,
      ),
      grants: buildScenarioGrants(given.grants ?? [], known.features, [...path, 'given', 'grants'], report),
      blocks: buildScenarioBlocks(given.blocks ?? [], known.features, [...path, 'given', 'blocks'], report),
      reserved: new Map(entriesOf(given.reserved ?? {})),
      rolledOver: new Map(entriesOf(given.rolledOver ?? {})),
      seats: buildScenarioSeats(
        given.seats ?? [],
        { features: known.features, now: given.now ?? defaultNow() },
        [...path, 'given', 'seats'],
        report,
      ),
    },
    check: {
      feature: check.feature,
      quantity: check.quantity ?? 1,
      productVersion: check.productVersion ?? null,
      memberId: check.memberId ?? null,
      fingerprint: check.fingerprint ?? null,
      components: check.components ?? [],
      context: check.context ?? {},
    },
    expect: document.expect,
  };
}

function defaultNow(): Instant {
  if (NOW === null) throw new Error('the default is an instant');
  return NOW;
}

type Given = ScenarioDocument['given'];

/** The plans of a scenario with the places where they are written. */
function placedPlans(given: Given, path: Path): { readonly key: PlanKey; readonly path: Path }[] {
  return [
    ...(given.plan === undefined ? [] : [{ key: given.plan, path: [...path, 'plan'] }]),
    ...(given.plans ?? []).map((key, index) => ({ key, path: [...path, 'plans', index] })),
  ];
}

function checkScenario(
  { given, check, expect }: ScenarioDocument,
  known: Known,
  path: Path,
  report: Report,
): void {
  const place: Path = [...path, 'given'];
  checkPlans(given, known, place, report);
  checkAddOns(given, known, place, report);
  checkTrial(given, known, place, report);
  for (const part of ['usage', 'reserved', 'rolledOver'] as const)
    checkUnits(given, part, known, place, report);
  checkQuantities(given, known, place, report);
  given.licenses?.forEach((license, index) => {
    checkQuantities(license, known, [...place, 'licenses', index], report);
  });
  // A scenario may promise UNKNOWN_FEATURE.
  if (expect.code !== 'UNKNOWN_FEATURE')
    mustExist(
      { kind: 'feature', known: known.features },
      check.feature,
      [...path, 'check', 'feature'],
      report,
    );
}

/** A customer has one live subscription in each family. */
function checkPlans(given: Given, { plans }: Known, path: Path, report: Report): void {
  const families = new Map<string, PlanKey>();
  for (const { key, path: place } of placedPlans(given, path)) {
    mustExist({ kind: 'plan', known: plans }, key, place, report);
    const plan = plans.get(key);
    if (!plan) continue;
    const other = families.get(plan.family);
    families.set(plan.family, key);
    if (other === undefined) continue;
    report(
      place,
      `\`${key}\` and \`${other}\` are of one family, \`${plan.family}\`, of which a customer has one plan; keep one of them`,
      {
        restsOn: [
          ['plans', key, 'family'],
          ['plans', other, 'family'],
        ],
      },
    );
  }
}

function checkAddOns(given: Given, { addOns }: Known, path: Path, report: Report): void {
  const plans = placedPlans(given, path);
  given.addOns?.forEach((key, index) => {
    const place = [...path, 'addOns', index];
    mustExist({ kind: 'add-on', known: addOns }, key, place, report);
    const addOn = addOns.get(key);
    if (!addOn || plans.some((plan) => addOn.with.includes(plan.key))) return;
    report(place, `\`${key}\` is sold with ${addOn.with.join(', ')} alone; give the scenario such a plan`, {
      restsOn: [
        ['addOns', key, 'with'],
        ...plans.map((plan) => plan.path),
        [...path, 'plan'],
        [...path, 'plans'],
      ],
    });
  });
}

function checkTrial(given: Given, { plans }: Known, path: Path, report: Report): void {
  if (given.status !== 'TRIALING') return;
  for (const { key } of placedPlans(given, path)) {
    if (plans.get(key)?.trial !== null) continue;
    report([...path, 'status'], `plan \`${key}\` has no \`trial\`; give it one, or choose another status`, {
      restsOn: [['plans', key, 'trial']],
    });
  }
}

function checkUnits(
  given: Given,
  part: 'usage' | 'reserved' | 'rolledOver',
  { features }: Known,
  path: Path,
  report: Report,
): void {
  for (const [key] of entriesOf(given[part] ?? {})) {
    const place = [...path, part, key];
    mustExist({ kind: 'feature', known: features }, key, place, report, true);
    const type = features.get(key)?.type;
    if (type === undefined || type === 'METERED' || type === 'LIMIT') continue;
    const remedy = type === 'SEATS' ? 'write who holds one under `seats`' : 'leave it out';
    report(place, `\`${key}\` is a ${type.toLowerCase()} feature and has no usage; ${remedy}`, {
      atKey: true,
      restsOn: [['features', key, 'type']],
    });
  }
}

function checkQuantities(
  given: Pick<Given, 'quantities'>,
  { features }: Known,
  path: Path,
  report: Report,
): void {
  for (const [key] of entriesOf(given.quantities ?? {})) {
    const place = [...path, 'quantities', key];
    mustExist({ kind: 'feature', known: features }, key, place, report, true);
    const type = features.get(key)?.type;
    if (type === undefined || type === 'SEATS') continue;
    report(
      place,
      `\`${key}\` is a ${type.toLowerCase()} feature; seats alone are bought in numbers, leave it out`,
      {
        atKey: true,
        restsOn: [['features', key, 'type']],
      },
    );
  }
}

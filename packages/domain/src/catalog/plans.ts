import { type FeatureKey, parsePlanFamily, type PlanKey } from '../ids.js';
import type { Feature, Plan, TrialOutcome } from './catalog.js';
import type { PlanDocument } from './document.js';
import { lengthOf } from '../time/calendar.js';
import { readEntitlements } from './entitlements.js';
import { nearest } from './nearest.js';
import type { Path, Report } from './problem.js';
import { entriesOf, mustExist } from './references.js';
import { buildPlanRules } from './rules.js';

/** What a plan is by itself; what it says of other plans is checked by `checkPlans`. */
export function buildPlan(
  key: PlanKey,
  plan: PlanDocument,
  features: ReadonlyMap<FeatureKey, Feature>,
  report: Report,
): Plan {
  const path: Path = ['plans', key];
  const family = plan.family ?? parsePlanFamily(key);
  if (family === null) throw new Error('a plan key can be a family');
  const entitlements = readEntitlements(plan.entitlements ?? {}, features, [...path, 'entitlements'], report);
  const built: Plan = {
    key,
    name: plan.name ?? key,
    family,
    model: MODELS[plan.model],
    period: plan.period ?? null,
    trial: plan.trial ? { for: plan.trial.for, then: trialOutcome(plan.trial.then) } : null,
    grace: plan.grace ?? null,
    onExpiry: plan.onExpiry ?? null,
    onCancel: plan.onCancel ?? null,
    onPause: plan.onPause ?? { clock: 'runs' },
    offline: plan.offline ?? null,
    maintenance: plan.maintenance ?? null,
    machines: plan.machines ? machinesOf(plan.machines) : null,
    entitlements,
    rules: buildPlanRules(plan, features, path, report),
  };
  checkName(built, report);
  checkPeriod(built, report);
  checkPerpetual(built, report);
  checkMachines(built, report);
  checkBlocks(built, [...path, 'entitlements'], [built], report);
  return built;
}

const MODELS = {
  subscription: 'SUBSCRIPTION',
  usage: 'USAGE',
  seats: 'SEATS',
  perpetual: 'PERPETUAL',
} as const;

/** `continue` is a word of the language; no plan can be called so. */
function trialOutcome(then: PlanKey | undefined): TrialOutcome {
  if (then === undefined) return { kind: 'EXPIRE' };
  return String(then) === 'continue' ? { kind: 'CONTINUE' } : { kind: 'PLAN', plan: then };
}

function machinesOf(machines: NonNullable<PlanDocument['machines']>): NonNullable<Plan['machines']> {
  return {
    limit: machines.limit,
    match: machines.match ?? 'all',
    atOnce: machines.atOnce ?? null,
    deactivations: machines.deactivations ?? null,
    per: machines.per ?? null,
    whenFull: machines.whenFull ?? 'refuse',
    offlineFiles: machines.offlineFiles ?? null,
  };
}

/** Words of the language that stand where a plan's key may stand, too. */
const RESERVED: Readonly<Record<string, string>> = {
  continue: "a trial's `then`",
  default: '`existingSubscriptions`',
};

function checkName({ key }: Plan, report: Report): void {
  const where = RESERVED[key];
  if (where === undefined) return;
  report(['plans', key], `no plan can be called \`${key}\`: it is a word of ${where}; choose another key`, {
    atKey: true,
  });
}

const DAY_MILLISECONDS = 86_400_000;

/** Each period end is an event, and an import of ten years writes them all: what is shorter would be millions. */
function checkPeriod({ key, period }: Plan, report: Report): void {
  if (period === null || lengthOf(period) >= DAY_MILLISECONDS) return;
  report(['plans', key, 'period'], `\`${period}\` is shorter than a day; a period is at least \`P1D\``);
}

function checkPerpetual({ key, model, period, trial }: Plan, report: Report): void {
  if (model !== 'PERPETUAL') return;
  const restsOn: Path[] = [['plans', key, 'model']];
  const tell = (part: string): void => {
    const message = `a perpetual plan has no ${part}; leave it out, or choose another \`model\``;
    report(['plans', key, part], message, { restsOn });
  };
  if (period !== null) tell('period');
  if (trial !== null) tell('trial');
}

/** A slip, and no more: catalogs that say so have been published. */
function checkMachines({ key, machines }: Plan, report: Report): void {
  if (machines === null || machines.per === null || machines.deactivations !== null) return;
  const message =
    '`per` says in what time `deactivations` are counted, and the plan does not count them; give `deactivations`, or leave `per` out';
  report(['plans', key, 'machines', 'per'], message, {
    restsOn: [['plans', key, 'machines', 'deactivations']],
    severity: 'WARNING',
  });
}

/** Blocks that are given every period need a period, in each of the plans that they are given with. */
export function checkBlocks(
  { entitlements }: Pick<Plan, 'entitlements'>,
  path: Path,
  plans: readonly Plan[],
  report: Report,
): void {
  for (const [feature, entitlement] of entitlements) {
    if (entitlement.kind !== 'BLOCKS') continue;
    entitlement.blocks.forEach(({ given }, index) => {
      const without = given === 'everyPeriod' ? plans.find(({ period }) => period === null) : undefined;
      if (!without) return;
      report(
        [...path, feature, 'blocks', index, 'given'],
        `plan \`${without.key}\` has no \`period\`; give it one, or give the block \`once\``,
        { restsOn: [['plans', without.key, 'period']] },
      );
    });
  }
}

/** What plans say of each other. */
export function checkPlans(
  plans: ReadonlyMap<PlanKey, Plan>,
  documents: Readonly<Partial<Record<PlanKey, PlanDocument>>>,
  report: Report,
): void {
  for (const { key, trial, onExpiry, onCancel } of plans.values()) {
    if (trial?.then.kind === 'PLAN')
      mustBeSubscribed(plans, trial.then.plan, ['plans', key, 'trial', 'then'], report, ['continue']);
    if (onExpiry !== null) mustBeSubscribed(plans, onExpiry, ['plans', key, 'onExpiry'], report);
    if (onCancel !== null) mustBeSubscribed(plans, onCancel, ['plans', key, 'onCancel'], report);
  }
  checkFamilies(entriesOf(documents), report);
}

/** The plan exists, and a subscription can be on it: perpetual plans are sold by licence alone. */
export function mustBeSubscribed(
  plans: ReadonlyMap<PlanKey, Plan>,
  key: PlanKey,
  path: Path,
  report: Report,
  words: readonly string[] = [],
): void {
  mustExist({ kind: 'plan', known: plans, words }, key, path, report);
  if (plans.get(key)?.model !== 'PERPETUAL') return;
  report(path, `\`${key}\` is perpetual and sold by licence alone; name a plan that can be subscribed to`, {
    restsOn: [['plans', key, 'model']],
  });
}

/** A family is known by its plans only, so a slip makes a new one: a lonely family close to another one is told. */
function checkFamilies(plans: readonly (readonly [PlanKey, PlanDocument])[], report: Report): void {
  const sizes = new Map<string, number>();
  for (const [, { family }] of plans)
    if (family !== undefined) sizes.set(family, (sizes.get(family) ?? 0) + 1);
  const shared = [...sizes].flatMap(([family, size]) => (size > 1 ? [family] : []));
  for (const [key, { family }] of plans) {
    if (family === undefined || sizes.get(family) !== 1) continue;
    const meant = nearest(family, shared);
    if (meant === null) continue;
    report(
      ['plans', key, 'family'],
      `\`${key}\` is alone in the family \`${family}\`; did you mean \`${meant}\`?`,
      { severity: 'WARNING' },
    );
  }
}

import type { z } from 'zod';
import type { FeatureKey } from '../ids.js';
import { unreachable } from '../unreachable.js';
import type { CreditBlockOffer, Enforcement, Feature, PlanEntitlement, Threshold } from './catalog.js';
import { entitlementOf } from './document.js';
import { nearest } from './nearest.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';
import { readShape } from './shape.js';

/** What a plan or an add-on gives, each read by the type of its feature. */
export function readEntitlements(
  given: Readonly<Record<string, unknown>>,
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: Report,
): Map<FeatureKey, PlanEntitlement> {
  const entitlements = new Map<FeatureKey, PlanEntitlement>();
  const byName: ReadonlyMap<string, Feature> = new Map(
    [...features.values()].map((feature) => [feature.key, feature]),
  );
  for (const [key, value] of Object.entries(given)) {
    const place = [...path, key];
    const feature = byName.get(key);
    if (!feature) {
      mustExist({ kind: 'feature', known: byName }, key, place, report, true);
      continue;
    }
    const entitlement = readEntitlement(feature, value, place, resting(report, feature));
    if (entitlement !== null) entitlements.set(feature.key, entitlement);
  }
  return entitlements;
}

/** What may be given of a feature follows from these of its parts; while one is broken, nothing given is wrong. */
function resting(report: Report, { key }: Feature): Report {
  const form: Path[] = ['type', 'window', 'prepaid'].map((part) => ['features', key, part]);
  return (path, message, details) =>
    report(path, message, { ...details, restsOn: [...form, ...(details?.restsOn ?? [])] });
}

/** Null where the value is broken, and told. */
function readEntitlement(
  feature: Feature,
  value: unknown,
  path: Path,
  report: Report,
): PlanEntitlement | null {
  switch (feature.type) {
    case 'BOOLEAN':
      return shaped(entitlementOf.boolean, value, path, report, () => ({ kind: 'ON' }));
    case 'LIMIT':
      return shaped(entitlementOf.units, value, path, report, (units) => unitsOf(units, path, report));
    case 'METERED':
      return feature.window === null
        ? shaped(entitlementOf.blocks, value, path, report, ({ blocks }) => ({
            kind: 'BLOCKS',
            blocks: blocks.map(blockOf),
          }))
        : shaped(entitlementOf.units, value, path, report, (units) => unitsOf(units, path, report));
    case 'SEATS':
      return shaped(entitlementOf.seats, value, path, report, (seats) => seatsOf(seats, path, report));
    case 'CONFIG':
      return shaped(entitlementOf.config, value, path, report, (text) =>
        valueOf(feature, text, path, report),
      );
    default:
      return unreachable(feature);
  }
}

function shaped<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  report: Report,
  then: (value: T) => PlanEntitlement,
): PlanEntitlement | null {
  const shape = readShape(schema, value, { standIn: limitStandIn });
  const within = (inner: Path): Path => [...path, ...inner];
  for (const { path: inner, message, atKey, hides } of shape.findings)
    report(within(inner), message, { atKey, hides: hides.map(within) });
  const entitlement = shape.value === undefined ? null : then(shape.value);
  return shape.findings.length > 0 ? null : entitlement;
}

/** Beside a broken limit its enforcement can be judged. */
function limitStandIn([step, ...below]: Path): unknown {
  return step === 'limit' && below.length === 0 ? 0 : undefined;
}

type UnitsDocument = z.output<(typeof entitlementOf)['units']>;

function unitsOf(units: UnitsDocument, path: Path, report: Report): PlanEntitlement {
  if (typeof units === 'number' || units === null)
    return { kind: 'UNITS', limit: units, enforcement: { kind: 'HARD' } };
  return { kind: 'UNITS', limit: units.limit, enforcement: readEnforcement(units, path, report) };
}

/** How `{ limit, enforce, overage }` is enforced; hard unless it says otherwise. */
export function readEnforcement(
  {
    enforce,
    overage,
  }: { readonly enforce?: 'hard' | 'soft' | 'none' | undefined; readonly overage?: Threshold | undefined },
  path: Path,
  report: Report,
): Enforcement {
  if (enforce === 'soft') {
    if (overage) return { kind: 'SOFT', overage };
    report([...path, 'enforce'], '`enforce: soft` needs an `overage`; add one, such as `overage: 10%`', {
      restsOn: [[...path, 'overage']],
    });
  } else if (overage) {
    report(
      [...path, 'overage'],
      '`overage` goes with `enforce: soft` only; add that, or leave `overage` out',
      {
        atKey: true,
        restsOn: [[...path, 'enforce']],
      },
    );
  }
  return enforce === 'none' ? { kind: 'NONE' } : { kind: 'HARD' };
}

type SeatsDocument = z.output<(typeof entitlementOf)['seats']>;

function seatsOf(seats: SeatsDocument, path: Path, report: Report): PlanEntitlement {
  if (typeof seats === 'number' || seats === null || !('bought' in seats))
    return unitsOf(seats, path, report);
  const { atLeast = 1, atMost = null, default: usual } = seats.bought;
  if (atMost !== null && atMost < atLeast)
    report(
      [...path, 'bought', 'atMost'],
      `\`atMost\` is less than \`atLeast\`, which is ${String(atLeast)}; raise it`,
    );
  else if (usual < atLeast || (atMost !== null && usual > atMost)) {
    const bounds =
      atMost === null ? `at least ${String(atLeast)}` : `${String(atLeast)} to ${String(atMost)}`;
    report(
      [...path, 'bought', 'default'],
      `\`default\` lies outside of \`atLeast\` and \`atMost\`; choose ${bounds}`,
    );
  }
  return { kind: 'BOUGHT', atLeast, atMost, default: usual };
}

type BlockDocument = z.output<(typeof entitlementOf)['blocks']>['blocks'][number];

function blockOf(block: BlockDocument): CreditBlockOffer {
  return {
    quantity: block.quantity,
    expiresAfter: block.expiresAfter ?? null,
    priority: block.priority ?? 0,
    given: block.given,
  };
}

type ConfigFeature = Extract<Feature, { type: 'CONFIG' }>;

function valueOf({ key, values }: ConfigFeature, text: string, path: Path, report: Report): PlanEntitlement {
  if (!values.includes(text)) {
    const meant = nearest(text, values);
    const remedy = meant === null ? `they are: ${values.join(', ')}` : `did you mean \`${meant}\`?`;
    report(path, `\`${text}\` is none of the values of \`${key}\`; ${remedy}`, {
      restsOn: [['features', key, 'values']],
    });
  }
  return { kind: 'VALUE', value: text };
}

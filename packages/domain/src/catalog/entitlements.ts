import type { z } from 'zod';
import type { FeatureKey } from '../ids.js';
import { unreachable } from '../unreachable.js';
import type { Enforcement, Feature, PlanEntitlement, Threshold } from './catalog.js';
import { entitlementOf } from './document.js';
import { type Finding, type Path } from './problem.js';
import { findingsOf } from './zod-findings.js';

type Read =
  | { readonly ok: true; readonly value: PlanEntitlement }
  | { readonly ok: false; readonly findings: Finding[] };

/** What a plan or an add-on gives, each read by the type of its feature. */
export function readEntitlements(
  given: Readonly<Record<string, unknown>>,
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: (findings: readonly Finding[]) => void,
): Map<FeatureKey, PlanEntitlement> {
  const entitlements = new Map<FeatureKey, PlanEntitlement>();
  const byName: ReadonlyMap<string, Feature> = new Map(
    [...features.values()].map((feature) => [feature.key, feature]),
  );
  for (const [key, value] of Object.entries(given)) {
    const place = [...path, key];
    const feature = byName.get(key);
    if (!feature) {
      report([{ path: place, message: `there is no feature \`${key}\``, atKey: true }]);
      continue;
    }
    const read = readEntitlement(feature, value, place);
    if (read.ok) entitlements.set(feature.key, read.value);
    else report(read.findings);
  }
  return entitlements;
}

function readEntitlement(feature: Feature, value: unknown, path: Path): Read {
  switch (feature.type) {
    case 'BOOLEAN':
      return parsed(entitlementOf.boolean, value, path, () => ok({ kind: 'ON' }));
    case 'LIMIT':
      return parsed(entitlementOf.units, value, path, (units) => readUnits(units, path));
    case 'METERED':
      return feature.window === null
        ? parsed(entitlementOf.blocks, value, path, ({ blocks }) =>
            ok({ kind: 'BLOCKS', blocks: blocks.map(blockOf) }),
          )
        : parsed(entitlementOf.units, value, path, (units) => readUnits(units, path));
    case 'SEATS':
      return parsed(entitlementOf.seats, value, path, (seats) => readSeats(seats, path));
    case 'CONFIG':
      return parsed(entitlementOf.config, value, path, (text) =>
        feature.values.includes(text)
          ? ok({ kind: 'VALUE', value: text })
          : wrong(path, `\`${text}\` is none of the feature's values: ${feature.values.join(', ')}`),
      );
    default:
      return unreachable(feature);
  }
}

function ok(value: PlanEntitlement): Read {
  return { ok: true, value };
}

function wrong(path: Path, message: string): Read {
  return { ok: false, findings: [{ path, message, atKey: false }] };
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, path: Path, then: (value: T) => Read): Read {
  const result = schema.safeParse(value, { reportInput: true });
  return result.success ? then(result.data) : { ok: false, findings: findingsOf(result.error, path) };
}

type UnitsDocument = z.output<(typeof entitlementOf)['units']>;

function readUnits(units: UnitsDocument, path: Path): Read {
  if (typeof units === 'number' || units === null) return ok(hard(units));
  const enforcement = readEnforcement(units.enforce, units.overage);
  if (typeof enforcement === 'string') return wrong(path, enforcement);
  return ok({ kind: 'UNITS', limit: units.limit, enforcement });
}

function hard(limit: number | null): PlanEntitlement {
  return { kind: 'UNITS', limit, enforcement: { kind: 'HARD' } };
}

/** The enforcement, or what is wrong with it. */
export function readEnforcement(
  enforce: 'hard' | 'soft' | 'none' | undefined,
  overage: Threshold | undefined,
): Enforcement | string {
  if (enforce === 'soft')
    return overage ? { kind: 'SOFT', overage } : '`enforce: soft` needs an `overage`, such as `10%`';
  if (overage) return '`overage` goes with `enforce: soft` only';
  return enforce === 'none' ? { kind: 'NONE' } : { kind: 'HARD' };
}

type SeatsDocument = z.output<(typeof entitlementOf)['seats']>;

function readSeats(seats: SeatsDocument, path: Path): Read {
  if (typeof seats === 'number' || seats === null) return ok(hard(seats));
  const { atLeast = 1, atMost = null, default: usual } = seats.bought;
  if (usual < atLeast || (atMost !== null && usual > atMost)) {
    return wrong([...path, 'bought', 'default'], '`default` lies outside of `atLeast` and `atMost`');
  }
  return ok({ kind: 'BOUGHT', atLeast, atMost, default: usual });
}

type BlockDocument = z.output<(typeof entitlementOf)['blocks']>['blocks'][number];

function blockOf(block: BlockDocument) {
  return {
    quantity: block.quantity,
    expiresAfter: block.expiresAfter ?? null,
    priority: block.priority ?? 0,
    given: block.given,
  };
}

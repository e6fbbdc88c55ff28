import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { graphql, isObjectType, Kind, parse } from 'graphql';
import { at } from './gateway.js';
import { generateTypes } from '../scripts/generate-types.js';
import { buildApiSchema } from '../src/schema/api-schema.js';
import { emitSchema } from '../src/schema/emit.js';
import { routerView } from '../src/schema/router-view.js';
import { toSubgraphSchema } from '../src/schema/subgraph-schema.js';

const API_TYPES = join(__dirname, '../../../packages/api-types');

function checkedIn(file: string): string {
  return readFileSync(join(API_TYPES, file), 'utf8');
}

test('the checked-in schema is the one that the code emits; `npm run generate` writes it', () => {
  expect(emitSchema()).toBe(checkedIn('schema.graphql'));
});

test('the checked-in types are those of the schema; `npm run generate` writes them', async () => {
  expect(await generateTypes(checkedIn('schema.graphql'))).toBe(checkedIn('src/generated/graphql.ts'));
});

/** All that routers see: types with their fields. */
const SEEN = {
  Query: 'check checkMany entitlements',
  Subscription: 'entitlementsChanged planChanged',
  Customer: 'check entitlements id usage',
  PlanSubscription:
    'addOns cancelAt currentPeriodEnd currentPeriodStart customer endedAt graceEndsAt id pausedAt plan planVersion quantities resumesAt scheduledChange startedAt status trialEndsAt',
  License:
    'customer expiresAt graceEndsAt id keyHint machineLimit maintenanceUntil model plan planVersion quantities startsAt status',
  Plan: 'entitlements family key model name version',
  Feature: 'key lastKnownFor name type unit whenUnknown',
  PlanVersion: 'entitlements plan version',
  PlanEntitlement: 'enforcement feature limit overage unlimited value',
  SubscriptionAddOn: 'addOn quantity version',
  FeatureQuantity: 'feature quantity',
  ScheduledChange: 'addOns at plan quantities',
  Decision:
    'allowed asOf code customerId feature id limit message release remaining reserved resetsAt revision sources stale unlimited used validUntil value',
  EntitlementSource: 'id key kind',
  EntitlementSet: 'asOf customerId entitlements release revision stale validUntil',
  Entitlement: 'allowed code feature limit remaining reserved resetsAt sources type unlimited used value',
  FeatureUsage: 'feature history limit remaining reserved rolledOver unlimited used windowEnd windowStart',
  UsageBucket: 'end start used',
  PlanChange: 'at cursor customerId from reason subscription to',
  EntitlementsChange: 'at changed cursor customerId entitlements',
};

test('routers see what is tagged for them, and nothing else', async () => {
  const seen = parse(await subgraphSdl()).definitions.flatMap((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION
      ? [
          [
            definition.name.value,
            (definition.fields ?? [])
              .map(({ name }) => name.value)
              .sort()
              .join(' '),
          ],
        ]
      : [],
  );
  expect(Object.fromEntries(seen)).toEqual(SEEN);
});

test('entities have their key, and front ends are not shown what is for services alone', async () => {
  const sdl = await subgraphSdl();
  for (const [type, key] of [
    ['Customer', 'id'],
    ['PlanSubscription', 'id'],
    ['License', 'id'],
    ['Plan', 'key'],
    ['Feature', 'key'],
  ])
    expect(sdl).toContain(`type ${String(type)} @key(fields: "${String(key)}")`);
  expect(sdl).toContain('whenUnknown: WhenUnknown! @inaccessible');
});

test('a tagged field whose type is not tagged is refused when the schema is built', () => {
  const document = parse('type Query { a: A @tag(name: "router") } type A { b: Int }');
  expect(() => routerView(document)).toThrow('routers see `Query.a`, and not its type: tag `A`, too');
});

test('inputs come along with those that they name', () => {
  const document = parse(
    'type Query { a(of: One): Int @tag(name: "router") b(of: Other): Int } input One { two: [Two!] } input Two { n: N } enum N { X } input Other { n: Int }',
  );
  const names = routerView(document).definitions.map((one) => ('name' in one ? one.name.value : null));
  expect(names.sort()).toEqual(['N', 'One', 'Query', 'Two']);
});

async function subgraphSdl(): Promise<string> {
  const access = { requireRouter: () => undefined };
  const { data, errors } = await graphql({
    schema: toSubgraphSchema(buildApiSchema()),
    source: '{ _service { sdl } }',
    contextValue: { access },
  });
  expect(errors).toBeUndefined();
  const sdl = at(data, '_service.sdl');
  if (typeof sdl !== 'string') throw new Error('the subgraph has no SDL');
  return sdl;
}

test('becoming a subgraph loses no field, no argument and no default', () => {
  const api = buildApiSchema();
  const subgraph = toSubgraphSchema(api);
  for (const type of Object.values(api.getTypeMap()).filter(isObjectType)) {
    if (type.name.startsWith('__')) continue;
    const copy = subgraph.getType(type.name);
    if (!isObjectType(copy)) throw new Error(`${type.name} is no object type`);
    for (const field of Object.values(type.getFields())) {
      const argsOf = (args: typeof field.args): string[] =>
        args.map((arg) => `${arg.name}: ${String(arg.type)} = ${JSON.stringify(arg.defaultValue)}`);
      expect(argsOf(copy.getFields()[field.name]?.args ?? [])).toEqual(argsOf(field.args));
    }
  }
});

import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Feature, FeatureType } from '@licet/domain';
import { Duration } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';

export const FeatureTypeEnum = {
  BOOLEAN: 'BOOLEAN',
  LIMIT: 'LIMIT',
  METERED: 'METERED',
  SEATS: 'SEATS',
  CONFIG: 'CONFIG',
} as const satisfies Record<FeatureType, FeatureType>;
registerEnumType(FeatureTypeEnum, {
  name: 'FeatureType',
  description:
    'LIMIT is a level that goes up and down (projects); METERED counts up in a window or spends credits.',
});

const WhenUnknownEnum = {
  CLOSED: 'CLOSED',
  OPEN: 'OPEN',
  LAST_KNOWN: 'LAST_KNOWN',
} as const satisfies Record<Feature['whenUnknown']['kind'], string>;
registerEnumType(WhenUnknownEnum, {
  name: 'WhenUnknown',
  description: 'What a caller does when no state is at hand.',
});

@Directive('@key(fields: "key")')
@Directive(FOR_ROUTERS)
@ObjectType('Feature', { simpleResolvers: true })
export class FeatureObject {
  @Field(() => ID)
  key!: string;
  @Field(() => String)
  name!: string;
  @Field(() => FeatureTypeEnum)
  type!: FeatureType;
  @Field(() => String, { nullable: true })
  unit!: string | null;
  // For other subgraphs' `@requires`; no front end decides by it.
  @Directive('@inaccessible')
  @Field(() => WhenUnknownEnum)
  whenUnknown!: keyof typeof WhenUnknownEnum;
  @Directive('@inaccessible')
  @Field(() => Duration, {
    nullable: true,
    description: 'LAST_KNOWN: how old what is known may be.',
  })
  lastKnownFor!: string | null;
}

export function toFeature(feature: Feature): FeatureObject {
  const { key, name, type, whenUnknown } = feature;
  return {
    ...{ key, name, type },
    unit: 'unit' in feature ? feature.unit : null,
    whenUnknown: whenUnknown.kind,
    lastKnownFor: whenUnknown.kind === 'LAST_KNOWN' ? whenUnknown.maxAge : null,
  };
}

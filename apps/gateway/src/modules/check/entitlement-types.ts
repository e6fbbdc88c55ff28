import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import type { FeatureType, Instant } from '@licet/domain';
import { DateTime, Json, Quantity, RevisionScalar } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { FeatureTypeEnum } from '../feature/feature-type.js';
import { DecisionCodeEnum, type DecisionCodeName } from './decision-code.js';
import { EntitlementSourceType } from './decision-type.js';

@Directive(FOR_ROUTERS)
@ObjectType('Entitlement', { simpleResolvers: true, description: 'What a check for 1 would say.' })
export class EntitlementType {
  @Field(() => String)
  feature!: string;
  @Field(() => FeatureTypeEnum)
  type!: FeatureType;
  @Field(() => Boolean)
  allowed!: boolean;
  @Field(() => DecisionCodeEnum)
  code!: DecisionCodeName;
  @Field(() => Json, { nullable: true })
  value!: string | null;
  @Field(() => Quantity, { nullable: true })
  limit!: number | null;
  @Field(() => Boolean)
  unlimited!: boolean;
  @Field(() => Quantity, { nullable: true })
  used!: number | null;
  @Field(() => Quantity, { nullable: true })
  reserved!: number | null;
  @Field(() => Quantity, { nullable: true })
  remaining!: number | null;
  @Field(() => DateTime, { nullable: true })
  resetsAt!: Instant | null;
  @Field(() => [EntitlementSourceType])
  sources!: readonly EntitlementSourceType[];
}

@Directive(FOR_ROUTERS)
@ObjectType('EntitlementSet', {
  simpleResolvers: true,
  description: 'All that a customer may do, at one revision; conditions on `context` see an empty one.',
})
export class EntitlementSetType {
  @Field(() => ID)
  customerId!: string;
  @Field(() => RevisionScalar)
  revision!: string;
  @Field(() => Int)
  release!: number;
  @Field(() => DateTime)
  asOf!: Instant;
  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when the passing of time alone cannot change it.',
  })
  validUntil!: Instant | null;
  @Field(() => Boolean)
  stale!: boolean;
  @Field(() => [EntitlementType], { description: 'One for each feature of the catalog, denied ones too.' })
  entitlements!: readonly EntitlementType[];
}

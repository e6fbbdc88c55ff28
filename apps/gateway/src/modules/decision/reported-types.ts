import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Instant } from '@licet/domain';
import { DateTime, JsonObjectScalar, RevisionScalar, type JsonObject } from '../../scalars/index.js';
import { DecisionCodeEnum, type DecisionCodeName } from '../check/decision-code.js';
import { RejectedItemType } from '../usage/usage-types.js';

@InputType('LocalDecisionInput', {
  description:
    "Decided by an SDK out of reach of the gateway. `id` is the SDK's own, and gives the idempotency.",
})
export class LocalDecisionInput {
  @Field(() => ID)
  id!: string;
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Boolean)
  allowed!: boolean;
  @Field(() => DecisionCodeEnum)
  code!: DecisionCodeName;
  @Field(() => RevisionScalar)
  revision!: string;
  @Field(() => Int)
  release!: number;
  @Field(() => DateTime)
  at!: Instant;
  @Field(() => JsonObjectScalar, {
    description: 'What `check` takes: `quantity`, `memberId`, `context`, `productVersion`, `fingerprint`.',
  })
  input!: JsonObject;
}

@ObjectType('ReportDecisionsResult', { simpleResolvers: true })
export class ReportDecisionsResultType {
  @Field(() => Int)
  accepted!: number;
  @Field(() => Int)
  duplicates!: number;
  @Field(() => [RejectedItemType])
  rejected!: RejectedItemType[];
}

import { Field, ID, InputType } from 'type-graphql';
import { JsonObjectScalar, Quantity, RevisionScalar, type JsonObject } from '../../scalars/index.js';

@InputType('CheckInput')
export class CheckInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity, {
    defaultValue: 1,
    description:
      'Units wanted on top of those used; none is spent. 0 asks only whether the feature is there.',
  })
  quantity!: number;
  @Field(() => ID, {
    nullable: true,
    description: 'The person asking, where the feature is or needs a seat.',
  })
  memberId?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'The machine asking, where the licence is bound to machines.',
  })
  fingerprint?: string | null;
  @Field(() => String, {
    nullable: true,
    description: "Version of the vendor's software asking, for perpetual licences with a maintenance period.",
  })
  productVersion?: string | null;
  @Field(() => JsonObjectScalar, { nullable: true, description: 'Facts that rules may use as `context`.' })
  context?: JsonObject | null;
  @Field(() => RevisionScalar, { nullable: true, description: 'Answer from a state at least this recent.' })
  atLeast?: string | null;
}

import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Instant } from '@licet/domain';
import { DateTime, Quantity } from '../../scalars/index.js';
import { DecisionCodeEnum, type DecisionCodeName } from '../check/decision-code.js';
import { DecisionType, EntitlementSourceType } from '../check/decision-type.js';
import { ChangeEventType } from '../event/event-types.js';

const StepOutcomeEnum = { PASSED: 'PASSED', FAILED: 'FAILED', SKIPPED: 'SKIPPED' } as const;
registerEnumType(StepOutcomeEnum, { name: 'StepOutcome' });

/** All kinds that the API promises; the domain offers some of them. */
const RemedyKindEnum = {
  CHANGE_PLAN: 'CHANGE_PLAN',
  ADD_ON: 'ADD_ON',
  BUY_QUANTITY: 'BUY_QUANTITY',
  ADD_CREDITS: 'ADD_CREDITS',
  FREE_SEAT: 'FREE_SEAT',
  ASSIGN_SEAT: 'ASSIGN_SEAT',
  ACTIVATE_MACHINE: 'ACTIVATE_MACHINE',
  WAIT: 'WAIT',
  RESUME: 'RESUME',
  PAY: 'PAY',
  RENEW: 'RENEW',
  REINSTATE: 'REINSTATE',
  LIFT_BLOCK: 'LIFT_BLOCK',
  SUPPLY_FACT: 'SUPPLY_FACT',
} as const;
registerEnumType(RemedyKindEnum, { name: 'RemedyKind' });

@ObjectType('ExplanationStep', { simpleResolvers: true })
export class ExplanationStepType {
  @Field(() => String, {
    description: 'A decision code, whose test this is; or COMBINATION: what a source gives in the end.',
  })
  rule!: string;
  @Field(() => StepOutcomeEnum, { description: 'SKIPPED: there is nothing that it could be asked of.' })
  outcome!: keyof typeof StepOutcomeEnum;
  @Field(() => String)
  detail!: string;
  @Field(() => EntitlementSourceType, {
    nullable: true,
    description: 'Null: it is asked of all that the customer has.',
  })
  source!: EntitlementSourceType | null;
}

@ObjectType('DenialReason', { simpleResolvers: true })
export class DenialReasonType {
  @Field(() => DecisionCodeEnum)
  code!: DecisionCodeName;
  @Field(() => String)
  message!: string;
  @Field(() => EntitlementSourceType, { nullable: true })
  source!: EntitlementSourceType | null;
}

@ObjectType('Remedy', {
  simpleResolvers: true,
  description:
    'A change that would turn the denial into a yes: a plan, an add-on, a free seat, a reset to wait for.',
})
export class RemedyType {
  @Field(() => RemedyKindEnum)
  kind!: keyof typeof RemedyKindEnum;
  @Field(() => String, { nullable: true })
  plan!: string | null;
  @Field(() => String, { nullable: true })
  addOn!: string | null;
  @Field(() => String, { nullable: true, description: 'Of which there would have to be more.' })
  feature!: string | null;
  @Field(() => ID, {
    nullable: true,
    description: 'The subscription to change; null: it changes none, or makes a new one.',
  })
  subscriptionId!: string | null;
  @Field(() => Quantity, { nullable: true, description: 'Of the add-on, in all.' })
  quantity!: number | null;
  @Field(() => DateTime, { nullable: true, description: 'When it would be allowed; null: at once.' })
  availableAt!: Instant | null;
  @Field(() => String)
  message!: string;
}

@ObjectType('Explanation', {
  simpleResolvers: true,
  description:
    'The whole reasoning: every source looked at, every reason that failed (not only the first), the smallest changes that would allow it, and the event after which the answer became what it is.',
})
export class ExplanationType {
  @Field(() => DecisionType)
  decision!: DecisionType;
  @Field(() => [ExplanationStepType])
  steps!: readonly ExplanationStepType[];
  @Field(() => [DenialReasonType], { description: 'The one that gives the code comes first.' })
  reasons!: readonly DenialReasonType[];
  @Field(() => [RemedyType], { description: 'Each is one change, and was tried. None in the past.' })
  remedies!: readonly RemedyType[];
  @Field(() => ChangeEventType, {
    nullable: true,
    description: 'Null: it is not known, or the answer is one for another time.',
  })
  since!: ChangeEventType | null;
}

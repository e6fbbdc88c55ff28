import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { OwnedBlock } from '@licet/database';
import type { CreditBlockId, CustomerId, FeatureKey, Instant } from '@licet/domain';
import { DateTime, Quantity, RevisionScalar } from '../../scalars/index.js';
import { EntitlementSourceType } from '../check/decision-type.js';
import { connectionTypes } from '../connection/connection-types.js';

@ObjectType('CreditBlock', {
  simpleResolvers: true,
  description: 'Prepaid units of a METERED feature without a window.',
})
export class CreditBlockType {
  @Field(() => ID)
  id!: CreditBlockId;
  @Field(() => ID)
  customerId!: CustomerId;
  @Field(() => String)
  feature!: FeatureKey;
  @Field(() => Quantity)
  quantity!: number;
  @Field(() => Quantity, { description: 'Not spent yet; units that reservations hold are among them.' })
  remaining!: number;
  @Field(() => Int, { description: 'Lower is spent first.' })
  priority!: number;
  @Field(() => DateTime, { nullable: true })
  expiresAt!: Instant | null;
  @Field(() => EntitlementSourceType, { nullable: true })
  source!: EntitlementSourceType | null;
  @Field(() => DateTime)
  createdAt!: Instant;
}

export function toCreditBlock({ block, customerId }: OwnedBlock): CreditBlockType {
  const { id, feature, quantity, remaining, priority, expiresAt, source, createdAt } = block;
  return { id, customerId, feature, quantity, remaining, priority, expiresAt, source, createdAt };
}

export const CreditBlockConnectionType = connectionTypes('CreditBlock', CreditBlockType);

@ObjectType('CreditBlockResult', { simpleResolvers: true })
export class CreditBlockResultType {
  @Field(() => CreditBlockType)
  block!: CreditBlockType;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('AddCreditsInput')
export class AddCreditsInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity)
  quantity!: number;
  @Field(() => Int, { defaultValue: 0 })
  priority!: number;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: Instant | null;
  @Field(() => String, { nullable: true })
  reason?: string | null;
  @Field(() => String)
  idempotencyKey!: string;
}

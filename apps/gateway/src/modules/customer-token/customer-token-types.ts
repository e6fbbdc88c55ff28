import type { Instant, IsoDuration } from '@licet/domain';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTime, Duration } from '../../scalars/index.js';

@InputType('CreateCustomerTokenInput')
export class CreateCustomerTokenInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => ID, {
    nullable: true,
    description: 'The person in front of the screen; checks then ask for no other.',
  })
  memberId?: string | null;
  @Field(() => Duration, {
    nullable: true,
    description: '15 minutes where it is left out, a day at most.',
  })
  ttl?: IsoDuration | null;
}

@ObjectType('CustomerTokenResult', { simpleResolvers: true })
export class CustomerTokenResultType {
  @Field(() => String)
  token!: string;
  @Field(() => DateTime)
  expiresAt!: Instant;
}

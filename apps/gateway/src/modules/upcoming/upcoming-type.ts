import { Field, ID, ObjectType } from 'type-graphql';
import { toldOf } from '@licet/database';
import { type CustomerEvent, describeUpcoming, type Instant } from '@licet/domain';
import { DateTime, type JsonObject, JsonObjectScalar } from '../../scalars/index.js';

@ObjectType('UpcomingChange', {
  simpleResolvers: true,
  description:
    'What time alone will do to a customer, worked out by the code that will do it. `kind` is the type of the event that it will be.',
})
export class UpcomingChangeType {
  @Field(() => DateTime)
  at!: Instant;
  @Field(() => String)
  kind!: string;
  @Field(() => String)
  subjectType!: string;
  @Field(() => ID)
  subjectId!: string;
  @Field(() => String)
  message!: string;
  @Field(() => JsonObjectScalar)
  data!: JsonObject;
}

export function toUpcomingChange(event: CustomerEvent): UpcomingChangeType {
  const { subjectType, subjectId, data } = toldOf(event);
  return { at: event.at, kind: event.type, subjectType, subjectId, message: describeUpcoming(event), data };
}

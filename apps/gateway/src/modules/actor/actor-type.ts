import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Actor, ActorKind } from '@licet/database';

const ActorKindEnum = {
  API_KEY: 'API_KEY',
  OPERATOR: 'OPERATOR',
  CUSTOMER: 'CUSTOMER',
  LICENSE: 'LICENSE',
  WORKER: 'WORKER',
  SYSTEM: 'SYSTEM',
} as const satisfies Record<ActorKind, ActorKind>;
registerEnumType(ActorKindEnum, { name: 'ActorKind' });

@ObjectType('Actor', { simpleResolvers: true })
export class ActorType {
  @Field(() => ActorKindEnum)
  kind!: ActorKind;
  @Field(() => ID)
  id!: string;
  @Field(() => String, { nullable: true })
  name!: string | null;
}

/** An actor as a customer is told of it: what kind it is. */
export function unnamed({ kind }: Actor): Actor {
  return { kind, id: kind, name: null };
}

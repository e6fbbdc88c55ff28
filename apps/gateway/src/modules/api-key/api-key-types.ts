import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { ApiKey, Role } from '@licet/database';
import type { Instant } from '@licet/domain';
import { DateTime, RevisionScalar } from '../../scalars/index.js';
import { ActorType } from '../actor/actor-type.js';
import { connectionTypes } from '../connection/connection-types.js';

const RoleEnum = {
  ADMIN: 'ADMIN',
  OPERATOR: 'OPERATOR',
  SERVICE: 'SERVICE',
  READER: 'READER',
} as const satisfies Record<Role, Role>;
registerEnumType(RoleEnum, { name: 'Role' });

@ObjectType('ApiKey', {
  simpleResolvers: true,
  description: '`operations` and `customerIds` narrow the role; empty: all.',
})
export class ApiKeyType {
  @Field(() => ID)
  id!: string;
  @Field(() => String)
  name!: string;
  @Field(() => RoleEnum)
  role!: Role;
  @Field(() => [String])
  operations!: string[];
  @Field(() => [ID])
  customerIds!: string[];
  @Field(() => String, { description: 'First characters.' })
  hint!: string;
  @Field(() => ActorType)
  createdBy!: ActorType;
  @Field(() => DateTime)
  createdAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  expiresAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  lastUsedAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  revokedAt!: Instant | null;
}

export function toApiKey(apiKey: ApiKey): ApiKeyType {
  return { ...apiKey, operations: [...apiKey.operations], customerIds: [...apiKey.customerIds] };
}

export const ApiKeyConnectionType = connectionTypes('ApiKey', ApiKeyType);

@ObjectType('ApiKeyResult', { simpleResolvers: true })
export class ApiKeyResultType {
  @Field(() => ApiKeyType)
  apiKey!: ApiKeyType;
  @Field(() => String, { nullable: true, description: 'Shown once, by the call that made it.' })
  secret!: string | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('CreateApiKeyInput')
export class CreateApiKeyInput {
  @Field(() => String)
  name!: string;
  @Field(() => RoleEnum)
  role!: Role;
  @Field(() => [String], { nullable: true })
  operations?: string[] | null;
  @Field(() => [ID], { nullable: true })
  customerIds?: string[] | null;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: Instant | null;
  @Field(() => String)
  idempotencyKey!: string;
}

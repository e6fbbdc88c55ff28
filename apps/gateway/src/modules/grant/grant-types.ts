import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { StoredGrant } from '@licet/database';
import { givenValue, type GrantEffect, type Instant } from '@licet/domain';
import { DateTime, Json, RevisionScalar } from '../../scalars/index.js';
import { ActorType, unnamed } from '../actor/actor-type.js';
import { connectionTypes } from '../connection/connection-types.js';

const GrantEffectEnum = {
  ADD: 'ADD',
  REPLACE: 'REPLACE',
  BLOCK: 'BLOCK',
} as const satisfies Record<GrantEffect, GrantEffect>;
registerEnumType(GrantEffectEnum, {
  name: 'GrantEffect',
  description:
    'ADD: allows, adds units, or offers a value. REPLACE: stands instead of what is bought. BLOCK: denies, whatever else there is.',
});

/** PENDING and REJECTED come with approvals. */
const GrantStatusEnum = {
  PENDING: 'PENDING',
  SCHEDULED: 'SCHEDULED',
  ACTIVE: 'ACTIVE',
  EXPIRED: 'EXPIRED',
  REVOKED: 'REVOKED',
  REJECTED: 'REJECTED',
} as const;
registerEnumType(GrantStatusEnum, { name: 'GrantStatus' });

@ObjectType('Grant', { simpleResolvers: true })
export class GrantType {
  @Field(() => ID)
  id!: string;
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => GrantEffectEnum)
  effect!: GrantEffect;
  @Field(() => Json, {
    nullable: true,
    description:
      'Units or `unlimited`, a value of a CONFIG feature, `true` for a BOOLEAN one; null for BLOCK.',
  })
  value!: number | string | true | null;
  @Field(() => GrantStatusEnum)
  status!: keyof typeof GrantStatusEnum;
  @Field(() => String)
  reason!: string;
  @Field(() => ActorType)
  grantedBy!: ActorType;
  @Field(() => DateTime)
  startsAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  expiresAt!: Instant | null;
}

export const GrantConnectionType = connectionTypes('Grant', GrantType);

@ObjectType('GrantResult', { simpleResolvers: true })
export class GrantResultType {
  @Field(() => GrantType)
  grant!: GrantType;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('GrantInput')
export class GrantInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => GrantEffectEnum, { defaultValue: 'ADD' })
  effect!: GrantEffect;
  @Field(() => Json, { nullable: true, description: 'None for BLOCK.' })
  value?: unknown;
  @Field(() => String)
  reason!: string;
  @Field(() => DateTime, { nullable: true })
  startsAt?: Instant | null;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: Instant | null;
  @Field(() => String)
  idempotencyKey!: string;
}

export function toGrant({ grant, customerId, grantedBy }: StoredGrant): GrantType {
  const { id, feature, effect, status, reason, startsAt, expiresAt } = grant;
  return {
    id,
    customerId,
    feature,
    effect: effect.kind,
    value: givenValue(effect),
    status,
    reason,
    grantedBy,
    startsAt,
    expiresAt,
  };
}

/** A grant as its customer is told of it: not who has made it, and why. */
export function toGrantOfCustomer(stored: StoredGrant): GrantType {
  return { ...toGrant(stored), reason: '', grantedBy: unnamed(stored.grantedBy) };
}

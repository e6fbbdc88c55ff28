import { Directive, Field, ID, ObjectType } from 'type-graphql';
import type { StoredEvent } from '@licet/database';
import type { Instant } from '@licet/domain';
import { Cursor, DateTime, JsonObjectScalar, RevisionScalar, type JsonObject } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { ActorType } from '../actor/actor-type.js';
import { EntitlementSetType } from '../check/entitlement-types.js';
import { connectionTypes } from '../connection/connection-types.js';
import { PlanSubscriptionType } from '../subscription/subscription-types.js';

@ObjectType('ChangeEvent', {
  simpleResolvers: true,
  description:
    'Every change, in order, signed into the tamper-evident log. (Units consumed are in the usage records, not here.)',
})
export class ChangeEventType {
  @Field(() => ID)
  id!: string;
  @Field(() => Cursor)
  cursor!: string;
  @Field(() => RevisionScalar)
  revision!: string;
  @Field(() => String)
  type!: string;
  @Field(() => String)
  subjectType!: string;
  @Field(() => ID)
  subjectId!: string;
  @Field(() => ID, { nullable: true })
  customerId!: string | null;
  @Field(() => ActorType)
  actor!: ActorType;
  @Field(() => String, { nullable: true })
  reason!: string | null;
  @Field(() => String, { nullable: true })
  requestId!: string | null;
  @Field(() => DateTime, { description: 'When it took effect; `recordedAt` is when it was written.' })
  at!: Instant;
  @Field(() => DateTime)
  recordedAt!: Instant;
  @Field(() => JsonObjectScalar, { description: '`before` and `after`, and what belongs to the type.' })
  data!: JsonObject;
}

export function toChangeEvent(stored: StoredEvent): ChangeEventType {
  const {
    id,
    cursor,
    revision,
    type,
    subjectType,
    subjectId,
    customerId,
    actor,
    reason,
    requestId,
    at,
    recordedAt,
  } = stored;
  const subject = { subjectType, subjectId, customerId };
  return {
    id,
    cursor,
    revision,
    type,
    ...subject,
    actor,
    reason,
    requestId,
    at,
    recordedAt,
    data: { ...stored.data },
  };
}

export const EventConnectionType = connectionTypes('Event', ChangeEventType);

@Directive(FOR_ROUTERS)
@ObjectType('PlanChange', {
  simpleResolvers: true,
  description: "`from` null: it began; `to` null: it ended. `reason` is the event's type.",
})
export class PlanChangeType {
  @Field(() => Cursor)
  cursor!: string;
  @Field(() => ID)
  customerId!: string;
  @Field(() => PlanSubscriptionType)
  subscription!: PlanSubscriptionType;
  @Field(() => String, { nullable: true })
  from!: string | null;
  @Field(() => String, { nullable: true })
  to!: string | null;
  @Field(() => String)
  reason!: string;
  @Field(() => DateTime)
  at!: Instant;
}

@Directive(FOR_ROUTERS)
@ObjectType('EntitlementsChange', {
  simpleResolvers: true,
  description: `Sent when a feature's \`allowed\`, \`code\`, \`value\` or \`limit\` changes, not for every unit used. \`cause\` is the event that made the difference
(null in a first message that says what is now); a boundary in time (trial end, reset, expiry) is an event too and arrives when it is reached.`,
})
export class EntitlementsChangeType {
  @Field(() => Cursor)
  readonly cursor: string;
  @Field(() => ID)
  readonly customerId: string;
  @Field(() => [String])
  readonly changed: readonly string[];
  @Field(() => ChangeEventType, { nullable: true })
  readonly cause: ChangeEventType | null;
  @Field(() => DateTime)
  readonly at: Instant;

  /** `set`: for who selects it. Until the next message the last one may stay in memory, so it holds no more than the state. */
  constructor(
    told: Pick<EntitlementsChangeType, 'cursor' | 'customerId' | 'changed' | 'cause' | 'at'>,
    private readonly set: () => EntitlementSetType,
  ) {
    this.cursor = told.cursor;
    this.customerId = told.customerId;
    this.changed = told.changed;
    this.cause = told.cause;
    this.at = told.at;
  }

  @Field(() => EntitlementSetType)
  get entitlements(): EntitlementSetType {
    return this.set();
  }
}

import { randomUUID } from 'node:crypto';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Decision, Instant, LicenseId } from '@licet/domain';
import { DateTime, Json, Quantity, RevisionScalar } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { DecisionCodeEnum, type DecisionCodeName } from './decision-code.js';

export const SourceKindEnum = {
  SUBSCRIPTION: 'SUBSCRIPTION',
  ADD_ON: 'ADD_ON',
  LICENSE: 'LICENSE',
  GRANT: 'GRANT',
  CREDIT_BLOCK: 'CREDIT_BLOCK',
} as const;
registerEnumType(SourceKindEnum, { name: 'SourceKind' });

@Directive(FOR_ROUTERS)
@ObjectType('EntitlementSource', {
  simpleResolvers: true,
  description: '`id`: of the subscription, licence, grant or block; `key`: of the plan or add-on.',
})
export class EntitlementSourceType {
  @Field(() => SourceKindEnum)
  kind!: keyof typeof SourceKindEnum;
  @Field(() => ID)
  id!: string;
  @Field(() => String, { nullable: true })
  key!: string | null;
}

@Directive(FOR_ROUTERS)
@ObjectType('Decision', { simpleResolvers: true })
export class DecisionType {
  @Field(() => ID, { description: 'Found again in the decision log.' })
  id!: string;
  @Field(() => Boolean)
  allowed!: boolean;
  @Field(() => DecisionCodeEnum)
  code!: DecisionCodeName;
  @Field(() => String, { description: 'For people; states what would have to change.' })
  message!: string;
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Json, { nullable: true, description: 'The value of a CONFIG feature.' })
  value!: string | null;
  @Field(() => Quantity, {
    nullable: true,
    description: 'Null where there is none to speak of: see `unlimited`.',
  })
  limit!: number | null;
  @Field(() => Boolean, { description: 'True where the feature is counted and nothing bounds it.' })
  unlimited!: boolean;
  @Field(() => Quantity, { nullable: true })
  used!: number | null;
  @Field(() => Quantity, {
    nullable: true,
    description: 'Held by open reservations and by quota leases and files not yet settled.',
  })
  reserved!: number | null;
  @Field(() => Quantity, {
    nullable: true,
    description: 'Up to the limit, overage not counted; never below 0; null where unlimited.',
  })
  remaining!: number | null;
  @Field(() => DateTime, { nullable: true })
  resetsAt!: Instant | null;
  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when the passing of time alone cannot change this decision; null: for ever.',
  })
  validUntil!: Instant | null;
  @Field(() => [EntitlementSourceType], {
    description: 'All that contribute to it; in a denial, those that came closest.',
  })
  sources!: readonly EntitlementSourceType[];
  @Field(() => Int, {
    description: 'Catalog release that decided; 0: none was at hand, the database being out of reach.',
  })
  release!: number;
  @Field(() => RevisionScalar, { description: 'State that it was decided on.' })
  revision!: string;
  @Field(() => DateTime, { description: 'When that state was last known to be current.' })
  asOf!: Instant;
  @Field(() => Boolean, {
    description: 'True where it was answered from kept state because the database was out of reach.',
  })
  stale!: boolean;
}

/** Stands for a release where none decided. */
export const NO_RELEASE = 0;

/** The state that a decision rests on. */
export interface DecisionStamp {
  readonly release: number;
  readonly revision: string;
  readonly asOf: Instant;
  /** Decided on kept state, the database being out of reach. */
  readonly stale: boolean;
}

export function toDecision(
  decision: Decision,
  stamp: DecisionStamp,
  id: string = `dec_${randomUUID()}`,
): DecisionType {
  return {
    id,
    allowed: decision.allowed,
    code: decision.code,
    message: decision.message,
    customerId: decision.customerId,
    feature: decision.feature,
    value: decision.value,
    limit: decision.limit,
    unlimited: decision.unlimited,
    used: decision.used,
    reserved: decision.reserved,
    remaining: decision.remaining,
    resetsAt: decision.resetsAt,
    validUntil: decision.validUntil,
    sources: decision.sources,
    release: stamp.release,
    revision: stamp.revision,
    asOf: stamp.asOf,
    stale: stamp.stale,
  };
}

/** The decision as it is told to who may know of one licence alone, and of nothing else that the customer has. */
export function toldOfLicense(decision: DecisionType, licenseId: LicenseId): DecisionType {
  return { ...decision, sources: decision.sources.filter(({ id }) => id === licenseId) };
}

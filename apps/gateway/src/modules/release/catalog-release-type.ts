import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { StoredRelease } from '@licet/database';
import type { Instant } from '@licet/domain';
import { DateTime, JsonObjectScalar, type JsonObject } from '../../scalars/index.js';
import { ActorType } from '../actor/actor-type.js';
import { connectionTypes } from '../connection/connection-types.js';

export const ReleaseStatusEnum = {
  DRAFT: 'DRAFT',
  SHADOW: 'SHADOW',
  CANARY: 'CANARY',
  LIVE: 'LIVE',
  RETIRED: 'RETIRED',
  REJECTED: 'REJECTED',
} as const satisfies Record<StoredRelease['status'], string>;
registerEnumType(ReleaseStatusEnum, {
  name: 'ReleaseStatus',
  description: 'RETIRED: was live. REJECTED: withdrawn, or sent back by its guard.',
});

@ObjectType('CatalogRelease', {
  simpleResolvers: true,
  description:
    'One immutable version of the whole catalog: features, plans, add-ons, rules, transitions, scenarios.',
})
export class CatalogReleaseType {
  @Field(() => Int)
  number!: number;
  @Field(() => Int, { nullable: true, description: 'The release that was live when this one was drafted.' })
  base!: number | null;
  @Field(() => ReleaseStatusEnum)
  status!: keyof typeof ReleaseStatusEnum;
  @Field(() => JsonObjectScalar, {
    description: 'The catalog document (JSON form; YAML is accepted on the way in).',
  })
  document!: JsonObject;
  @Field(() => String)
  checksum!: string;
  @Field(() => String, { nullable: true })
  comment!: string | null;
  @Field(() => Float, { nullable: true })
  canaryPercent!: number | null;
  @Field(() => Float, { nullable: true })
  guardPercent!: number | null;
  @Field(() => String, { nullable: true, description: 'Why it was rejected or rolled back.' })
  reason!: string | null;
  @Field(() => ActorType)
  createdBy!: ActorType;
  @Field(() => DateTime)
  createdAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  publishedAt!: Instant | null;
}

/** Shares and guards belong to candidates, which there are none of yet. */
export function toCatalogRelease(stored: StoredRelease): CatalogReleaseType {
  return { ...stored, document: { ...stored.document }, canaryPercent: null, guardPercent: null };
}

export const ReleaseConnectionType = connectionTypes('Release', CatalogReleaseType);

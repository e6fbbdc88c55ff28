import { Field, ID, InputType, Int } from 'type-graphql';
import type { MigratePlan } from '@licet/database';
import type { ChangeTiming, Instant } from '@licet/domain';
import { DateTime } from '../../scalars/index.js';
import { boundList, parseIdempotencyKey, readCustomerId } from '../arguments.js';
import { ChangeTimingEnum } from '../subscription/change-timing.js';
import { readPlanKey } from '../subscription/read-items.js';

@InputType('MigratePlanInput')
export class MigratePlanInput {
  @Field(() => String)
  plan!: string;
  @Field(() => Int)
  version!: number;
  @Field(() => String, { nullable: true, description: 'The same plan where left out.' })
  toPlan?: string | null;
  @Field(() => Int, { nullable: true, description: 'The one that is sold now where left out.' })
  toVersion?: number | null;
  @Field(() => ChangeTimingEnum, { defaultValue: 'NOW' })
  timing!: ChangeTiming;
  @Field(() => DateTime, { nullable: true })
  at?: Instant | null;
  @Field(() => [ID], { nullable: true, description: 'For these alone; all customers where left out.' })
  customerIds?: string[] | null;
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Counts and lists problems as the migration would, and moves nobody.',
  })
  dryRun!: boolean;
  @Field(() => String)
  idempotencyKey!: string;
}

/** What is asked for, in forms that can be right. Throws BAD_USER_INPUT, or NOT_FOUND for a plan that can be none. */
export function readMigratePlan(input: MigratePlanInput): MigratePlan {
  const ids = boundList('input.customerIds', input.customerIds) ?? null;
  return {
    from: { plan: readPlanKey('input.plan', input.plan), version: input.version },
    toPlan: input.toPlan == null ? null : readPlanKey('input.toPlan', input.toPlan),
    toVersion: input.toVersion ?? null,
    timing: input.timing,
    at: input.at ?? null,
    customerIds: ids && ids.map((id, index) => readCustomerId(`input.customerIds.${String(index)}`, id)),
    dryRun: input.dryRun,
    idempotencyKey: parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey),
  };
}

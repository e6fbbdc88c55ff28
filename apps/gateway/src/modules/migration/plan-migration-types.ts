import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { JobStatus, MigrationChange, StoredMigration } from '@licet/database';
import type { ChangeTiming, Instant, PlanMigrationId } from '@licet/domain';
import { DateTime, Quantity, RevisionScalar } from '../../scalars/index.js';
import { ActorType } from '../actor/actor-type.js';
import { connectionTypes } from '../connection/connection-types.js';
import { ChangeTimingEnum } from '../subscription/change-timing.js';

const JobStatusEnum = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELED: 'CANCELED',
} as const satisfies Record<JobStatus, JobStatus>;
registerEnumType(JobStatusEnum, { name: 'JobStatus' });

@ObjectType('MigrationProblem', { simpleResolvers: true })
export class MigrationProblemType {
  @Field(() => ID)
  subscriptionId!: string;
  @Field(() => String)
  code!: string;
  @Field(() => String)
  message!: string;
}

@ObjectType('PlanMigration', {
  simpleResolvers: true,
  description: 'Moves the subscriptions of one plan version to another plan or version, in the background.',
})
export class PlanMigrationType {
  @Field(() => ID)
  id!: PlanMigrationId;
  @Field(() => String, { description: 'The plan that is left.' })
  plan!: string;
  @Field(() => Int)
  version!: number;
  @Field(() => String)
  toPlan!: string;
  @Field(() => Int, { description: 'Fixed when the migration was asked for.' })
  toVersion!: number;
  @Field(() => ChangeTimingEnum)
  timing!: ChangeTiming;
  @Field(() => DateTime, { nullable: true })
  at!: Instant | null;
  @Field(() => JobStatusEnum)
  status!: JobStatus;
  @Field(() => Boolean)
  dryRun!: boolean;
  @Field(() => Quantity, {
    description:
      'Subscriptions whose turn has been: moved, refused, or left alone because they have gone elsewhere meanwhile, or because what was asked for already was so.',
  })
  done!: number;
  @Field(() => Quantity, { nullable: true, description: 'Null until they have been listed.' })
  total!: number | null;
  @Field(() => Quantity, { description: 'In a dry run: those that would be.' })
  moved!: number;
  @Field(() => Quantity)
  refused!: number;
  @Field(() => ActorType)
  createdBy!: ActorType;
  @Field(() => DateTime)
  createdAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  finishedAt!: Instant | null;
}

export const PlanMigrationConnectionType = connectionTypes('PlanMigration', PlanMigrationType);

@ObjectType('PlanMigrationResult', { simpleResolvers: true })
export class PlanMigrationResultType {
  @Field(() => PlanMigrationType)
  migration!: PlanMigrationType;
  @Field(() => RevisionScalar)
  revision!: string;
}

export function toPlanMigration({ from, to, ...migration }: StoredMigration): PlanMigrationType {
  const { id, timing, at, status, dryRun, done, total, moved, refused } = migration;
  const { createdBy, createdAt, finishedAt } = migration;
  return {
    ...{ id, timing, at, status, dryRun, done, total, moved, refused },
    plan: from.plan,
    version: from.version,
    toPlan: to.plan,
    toVersion: to.version,
    ...{ createdBy, createdAt, finishedAt },
  };
}

export function toPlanMigrationResult({ migration, revision }: MigrationChange): PlanMigrationResultType {
  return { migration: toPlanMigration(migration), revision };
}

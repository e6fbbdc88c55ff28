import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { cancelPlanMigration, findPlanMigration, listPlanMigrations, migratePlan } from '@licet/database';
import { parsePlanMigrationId, parseSubscriptionId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted, notFound } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import { parseFirst, toConnection, type Connection } from '../connection/connection-types.js';
import { MigratePlanInput, readMigratePlan } from './migrate-plan-input.js';
import {
  MigrationProblemType,
  PlanMigrationConnectionType,
  PlanMigrationResultType,
  PlanMigrationType,
  toPlanMigration,
  toPlanMigrationResult,
} from './plan-migration-types.js';

/** What a key for some customers alone may not see: problems name subscriptions of all of them. */
const FOR_ALL = 'plan migrations are for all of them';

@Resolver(() => PlanMigrationType)
export class MigrationResolver {
  @Authorized('READER')
  @Query(() => PlanMigrationType, { nullable: true })
  async planMigration(
    @Arg('id', () => ID) text: string,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<PlanMigrationType | null> {
    access.requireEveryCustomer(FOR_ALL);
    const id = parsePlanMigrationId(text);
    const found = id && (await findPlanMigration(db, access.tenantId, id));
    return found && toPlanMigration(found);
  }

  @Authorized('READER')
  @Query(() => PlanMigrationConnectionType, { description: 'Newest first.' })
  async planMigrations(
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<Connection<PlanMigrationType>> {
    access.requireEveryCustomer(FOR_ALL);
    const request = { first: parseFirst(first), after: after ?? null };
    return toConnection(
      granted(await listPlanMigrations(db, access.tenantId, request), '').page,
      toPlanMigration,
    );
  }

  @Authorized('OPERATOR')
  @Mutation(() => PlanMigrationResultType)
  async migratePlan(
    @Arg('input', () => MigratePlanInput) input: MigratePlanInput,
    @Ctx() { db, access, caller }: GatewayContext,
  ): Promise<PlanMigrationResultType> {
    access.requireEveryCustomer(FOR_ALL);
    return toPlanMigrationResult(granted(await migratePlan(db, caller, readMigratePlan(input)), 'input'));
  }

  @Authorized('OPERATOR')
  @Mutation(() => PlanMigrationResultType, { description: 'What has moved stays moved.' })
  async cancelPlanMigration(
    @Arg('id', () => ID) text: string,
    @Ctx() { db, access, caller }: GatewayContext,
  ): Promise<PlanMigrationResultType> {
    access.requireEveryCustomer(FOR_ALL);
    const id = parsePlanMigrationId(text);
    if (id === null) throw notFound('id', `there is no plan migration \`${text}\`; see \`planMigrations\``);
    return toPlanMigrationResult(granted(await cancelPlanMigration(db, caller, id), ''));
  }

  @FieldResolver(() => [MigrationProblemType], {
    description:
      'Subscriptions that could not be moved, in the order of their turns. `after`: those that follow this subscription of the list.',
  })
  async problems(
    @Root() { id }: PlanMigrationType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => ID, { nullable: true }) after: string | null | undefined,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<MigrationProblemType[]> {
    if (after != null && parseSubscriptionId(after) === null)
      throw badInput('after', `\`${after}\` is no subscription; hand back the last one of the list`);
    const request = { first: parseFirst(first), after: after ?? null };
    return [...granted(await loaders.migrationProblems(request).load(id), '').problems];
  }
}

import {
  Arg,
  Authorized,
  Ctx,
  Directive,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Resolver,
  Root,
} from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { boundList } from '../arguments.js';
import { parseFirst } from '../connection/connection-types.js';
import { CustomerType } from '../customer/customer-types.js';
import { Quantity } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { leaseQuota, returnQuota } from './quota-lease.js';
import { LeaseQuotaInput, QuotaLeaseResultType } from './quota-lease-types.js';
import { recordUsage } from './record-usage.js';
import { commitReservation, releaseReservation, reserve } from './reserve.js';
import { ReservationResultType, ReserveInput } from './reservation-types.js';
import { spendMany, spendOne } from './spend-many.js';
import { toFeatureUsage } from './to-usage.js';
import {
  ConsumeInput,
  ConsumeResultType,
  FeatureUsageType,
  RecordUsageResultType,
  ReleaseUsageInput,
  UsageBucketType,
  UsageEventInput,
} from './usage-types.js';

@Resolver(() => FeatureUsageType)
export class UsageResolver {
  @Authorized('SERVICE')
  @Mutation(() => ConsumeResultType, {
    description: 'Check and spend in one step: never more than the limit, however many ask at once.',
  })
  consume(
    @Arg('input', () => ConsumeInput) input: ConsumeInput,
    @Ctx() context: GatewayContext,
  ): Promise<ConsumeResultType> {
    return spendOne(context, 'consume', input);
  }

  @Authorized('SERVICE')
  @Mutation(() => [ConsumeResultType], {
    nullable: 'items',
    description: 'Each for itself, in order: one that fails is null, with its error at its index.',
  })
  consumeMany(
    @Arg('inputs', () => [ConsumeInput]) inputs: ConsumeInput[],
    @Ctx() context: GatewayContext,
  ): Promise<(ConsumeResultType | Error)[]> {
    return spendMany(context, 'consume', boundList('inputs', inputs), (index) => `inputs.${String(index)}`);
  }

  @Authorized('SERVICE')
  @Mutation(() => ConsumeResultType)
  releaseUsage(
    @Arg('input', () => ReleaseUsageInput) input: ReleaseUsageInput,
    @Ctx() context: GatewayContext,
  ): Promise<ConsumeResultType> {
    return spendOne(context, 'release', input);
  }

  @Authorized('SERVICE')
  @Mutation(() => ReservationResultType)
  reserve(
    @Arg('input', () => ReserveInput) input: ReserveInput,
    @Ctx() context: GatewayContext,
  ): Promise<ReservationResultType> {
    return reserve(context, input);
  }

  @Authorized('SERVICE')
  @Mutation(() => ConsumeResultType, {
    description:
      'Spends what was really used (at most the reservation; all of it where left out) and frees the rest.',
  })
  commitReservation(
    @Arg('reservationId', () => ID) reservationId: string,
    @Arg('quantity', () => Quantity, { nullable: true }) quantity: number | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<ConsumeResultType> {
    return commitReservation(context, reservationId, quantity ?? null);
  }

  @Authorized('SERVICE')
  @Mutation(() => ReservationResultType)
  releaseReservation(
    @Arg('reservationId', () => ID) reservationId: string,
    @Ctx() context: GatewayContext,
  ): Promise<ReservationResultType> {
    return releaseReservation(context, reservationId);
  }

  @Authorized('SERVICE')
  @Mutation(() => QuotaLeaseResultType, { description: 'As much as there is, up to the quantity.' })
  leaseQuota(
    @Arg('input', () => LeaseQuotaInput) input: LeaseQuotaInput,
    @Ctx() context: GatewayContext,
  ): Promise<QuotaLeaseResultType> {
    return leaseQuota(context, input);
  }

  @Authorized('SERVICE')
  @Mutation(() => ConsumeResultType, {
    description:
      'Counts what was spent of a lease and gives the rest back: until it ends, and up to a day after, while its window is open.',
  })
  returnQuota(
    @Arg('leaseId', () => ID) leaseId: string,
    @Arg('spent', () => Quantity) spent: number,
    @Ctx() context: GatewayContext,
  ): Promise<ConsumeResultType> {
    return returnQuota(context, leaseId, spent);
  }

  @Authorized('SERVICE')
  @Mutation(() => RecordUsageResultType, {
    description:
      'Usage after the fact, up to 1,000 events: each for itself, in order, whatever the limit says.',
  })
  recordUsage(
    @Arg('events', () => [UsageEventInput]) events: UsageEventInput[],
    @Ctx() context: GatewayContext,
  ): Promise<RecordUsageResultType> {
    return recordUsage(context, boundList('events', events));
  }

  @FieldResolver(() => [UsageBucketType], { description: 'Newest first.' })
  history(
    @Root() { customerId, feature }: FeatureUsageType,
    @Arg('first', () => Int, { defaultValue: 30 }) first: number,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<UsageBucketType[]> {
    return loaders.closedWindows.load({ customerId, feature, first: parseFirst(first) });
  }
}

@Resolver(() => CustomerType)
export class CustomerUsageResolver {
  @Directive(FOR_ROUTERS)
  @FieldResolver(() => FeatureUsageType, {
    nullable: true,
    description: 'Null where the feature is not counted.',
  })
  async usage(
    @Root() customer: CustomerType,
    @Arg('feature', () => String) feature: string,
    @Ctx() { states }: GatewayContext,
  ): Promise<FeatureUsageType | null> {
    return toFeatureUsage(await states.load(customer.id), feature);
  }
}

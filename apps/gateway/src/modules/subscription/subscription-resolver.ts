import { Arg, Authorized, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { executeCommand, newSubscriptionId } from '@licet/database';
import type { CustomerId, Instant, SubscriptionCommand, SubscriptionId } from '@licet/domain';
import { parseSubscriptionId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import { DateTime } from '../../scalars/index.js';
import { boundText, parseIdempotencyKey, readCustomerId } from '../arguments.js';
import { CustomerType, toCustomer } from '../customer/customer-types.js';
import { PlanType, PlanVersionType } from '../plan/plan-types.js';
import { toPlan, toPlanVersion } from '../plan/to-plan.js';
import { readAddOns, readPlanKey, readQuantities, readSubscriptionId } from './read-items.js';
import {
  AdjustSubscriptionInput,
  CancelInput,
  ChangePlanInput,
  ReportPaymentInput,
  SubscribeInput,
} from './subscription-inputs.js';
import { PlanSubscriptionType, SubscriptionResultType } from './subscription-types.js';
import { toSubscription } from './to-subscription.js';

interface Execution {
  readonly command: SubscriptionCommand;
  readonly customerId?: CustomerId;
  readonly idempotencyKey?: string | null;
  readonly reason?: string | null;
  /** The argument that refused fields lie in. */
  readonly prefix: string;
}

async function execute(context: GatewayContext, execution: Execution): Promise<SubscriptionResultType> {
  const { command, customerId = null, idempotencyKey = null, reason = null, prefix } = execution;
  const result = await executeCommand(context.db, context.caller, {
    command,
    customerId,
    idempotencyKey,
    reason,
  });
  const { subscription, revision } = granted(result, prefix);
  context.states.wrote(revision);
  return { subscription: toSubscription(subscription), revision };
}

/** The id of a subscription that the caller's key may touch. */
async function ownSubscription(
  context: GatewayContext,
  field: string,
  text: string,
): Promise<SubscriptionId> {
  const { access, loaders } = context;
  if (access.isNarrowed) {
    const id = parseSubscriptionId(text);
    const subscription = id && (await loaders.subscriptions.load(id));
    access.requireOwner(`the subscription \`${text}\``, subscription?.customerId ?? null);
  }
  return readSubscriptionId(field, text);
}

@Resolver(() => PlanSubscriptionType)
export class SubscriptionResolver {
  @Authorized('READER')
  @Query(() => PlanSubscriptionType, { nullable: true })
  async subscription(
    @Arg('id', () => ID) text: string,
    @Ctx() context: GatewayContext,
  ): Promise<PlanSubscriptionType | null> {
    const id = parseSubscriptionId(text);
    const found = id && (await context.loaders.subscriptions.load(id));
    context.access.requireOwner(`the subscription \`${text}\``, found?.customerId ?? null);
    return found && toSubscription(found);
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  subscribe(
    @Arg('input', () => SubscribeInput) input: SubscribeInput,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const customerId = context.access.requireCustomer(readCustomerId('input.customerId', input.customerId));
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const command: SubscriptionCommand = {
      kind: 'subscribe',
      subscriptionId: newSubscriptionId(),
      plan: readPlanKey('input.plan', input.plan),
      addOns: readAddOns('input.addOns', input.addOns) ?? [],
      quantities: readQuantities('input.quantities', input.quantities) ?? new Map(),
      trial: input.trial,
      startsAt: input.startsAt ?? null,
    };
    return execute(context, { command, customerId, idempotencyKey, prefix: 'input' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  async changePlan(
    @Arg('input', () => ChangePlanInput) input: ChangePlanInput,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const command: SubscriptionCommand = {
      kind: 'changePlan',
      subscriptionId: await ownSubscription(context, 'input.subscriptionId', input.subscriptionId),
      plan: readPlanKey('input.plan', input.plan),
      from: boundText('input.from', input.from) ?? null,
      addOns: readAddOns('input.addOns', input.addOns),
      quantities: readQuantities('input.quantities', input.quantities),
      timing: input.timing ?? null,
      at: input.at ?? null,
    };
    return execute(context, { command, idempotencyKey, prefix: 'input' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  async adjustSubscription(
    @Arg('input', () => AdjustSubscriptionInput) input: AdjustSubscriptionInput,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const command: SubscriptionCommand = {
      kind: 'adjust',
      subscriptionId: await ownSubscription(context, 'input.subscriptionId', input.subscriptionId),
      addOns: readAddOns('input.addOns', input.addOns),
      quantities: readQuantities('input.quantities', input.quantities),
      timing: input.timing,
      at: input.at ?? null,
    };
    return execute(context, { command, idempotencyKey, prefix: 'input' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  async withdrawScheduledChange(
    @Arg('subscriptionId', () => ID) text: string,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const subscriptionId = await ownSubscription(context, 'subscriptionId', text);
    return execute(context, { command: { kind: 'withdrawScheduledChange', subscriptionId }, prefix: '' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  async cancelSubscription(
    @Arg('input', () => CancelInput) input: CancelInput,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const reason = boundText('input.reason', input.reason) ?? null;
    const idempotencyKey =
      input.idempotencyKey == null ? null : parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const subscriptionId = await ownSubscription(context, 'input.subscriptionId', input.subscriptionId);
    const command = { kind: 'cancel', subscriptionId, timing: input.timing, at: input.at ?? null } as const;
    return execute(context, { command, reason, idempotencyKey, prefix: 'input' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType, {
    description: 'Takes back a cancellation that has not happened yet.',
  })
  async uncancelSubscription(
    @Arg('subscriptionId', () => ID) text: string,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const subscriptionId = await ownSubscription(context, 'subscriptionId', text);
    return execute(context, { command: { kind: 'uncancel', subscriptionId }, prefix: '' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  async extendTrial(
    @Arg('subscriptionId', () => ID) text: string,
    @Arg('until', () => DateTime) until: Instant,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const subscriptionId = await ownSubscription(context, 'subscriptionId', text);
    return execute(context, { command: { kind: 'extendTrial', subscriptionId, until }, prefix: '' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType, {
    description: '`resumeAt`: when it goes on by itself; left out: as it is, null: when it is resumed.',
  })
  async pauseSubscription(
    @Arg('subscriptionId', () => ID) text: string,
    @Arg('resumeAt', () => DateTime, { nullable: true }) resumeAt: Instant | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const subscriptionId = await ownSubscription(context, 'subscriptionId', text);
    const pause = { kind: 'pause', subscriptionId } as const;
    return execute(context, { command: resumeAt === undefined ? pause : { ...pause, resumeAt }, prefix: '' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType)
  async resumeSubscription(
    @Arg('subscriptionId', () => ID) text: string,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const subscriptionId = await ownSubscription(context, 'subscriptionId', text);
    return execute(context, { command: { kind: 'resume', subscriptionId }, prefix: '' });
  }

  @Authorized('OPERATOR')
  @Mutation(() => SubscriptionResultType, {
    description: 'Billing says that payment failed (grace begins) or came in.',
  })
  async reportPayment(
    @Arg('input', () => ReportPaymentInput) input: ReportPaymentInput,
    @Ctx() context: GatewayContext,
  ): Promise<SubscriptionResultType> {
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const subscriptionId = await ownSubscription(context, 'input.subscriptionId', input.subscriptionId);
    const command = {
      kind: 'reportPayment',
      subscriptionId,
      outcome: input.outcome,
      at: input.at ?? null,
    } as const;
    return execute(context, { command, idempotencyKey, prefix: 'input' });
  }

  @FieldResolver(() => CustomerType)
  async customer(
    @Root() subscription: PlanSubscriptionType,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<CustomerType> {
    const customer = await loaders.customers.load(subscription.customerId);
    if (!customer) throw new Error(`subscription ${subscription.id} has no customer`);
    return toCustomer(customer);
  }

  @FieldResolver(() => PlanType)
  async plan(
    @Root() subscription: PlanSubscriptionType,
    @Ctx() { states }: GatewayContext,
  ): Promise<PlanType> {
    return toPlan(subscription.sold, await states.release());
  }

  @FieldResolver(() => PlanVersionType, { description: 'What it was sold as; decides until it is moved.' })
  async planVersion(
    @Root() subscription: PlanSubscriptionType,
    @Ctx() { states }: GatewayContext,
  ): Promise<PlanVersionType> {
    return toPlanVersion(subscription.sold, await states.release());
  }
}

import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { DatabaseUnavailableError, type StampedState } from '@licet/database';
import { type CustomerId, freesAt, type Instant, upcoming } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { DateTime } from '../../scalars/index.js';
import { parseFirst } from '../connection/connection-types.js';
import { CustomerType } from '../customer/customer-types.js';
import { toUpcomingChange, UpcomingChangeType } from './upcoming-type.js';

@Resolver(() => CustomerType)
export class UpcomingResolver {
  @FieldResolver(() => [UpcomingChangeType])
  async upcoming(
    @Root() customer: CustomerType,
    @Arg('until', () => DateTime, { nullable: true }) until: Instant | null | undefined,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Ctx() context: GatewayContext,
  ): Promise<UpcomingChangeType[]> {
    const most = parseFirst(first);
    const { state, now } = await withReservations(context, customer.id);
    if (state.kind !== 'KNOWN')
      throw new DatabaseUnavailableError('what the customer has is out of reach', null);
    if (until != null && until <= now)
      throw badInput('until', 'what is over is no more to come; give a later time');
    return upcoming(state.account, state.release, now, { until: until ?? null, most }).map(toUpcomingChange);
  }
}

/** A state that is kept knows how much is held, but not which reservations hold it. */
async function withReservations(context: GatewayContext, customerId: CustomerId): Promise<StampedState> {
  const kept = await context.states.load(customerId);
  if (kept.stale || kept.state.kind !== 'KNOWN' || freesAt(kept.state.account) === null) return kept;
  return (await context.store.read(context.access.tenantId, customerId)).stamped;
}

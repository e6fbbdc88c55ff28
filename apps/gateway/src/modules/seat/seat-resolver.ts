import { Arg, Authorized, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import { requireStorable } from '../arguments.js';
import { type Connection, parseFirst, toConnection } from '../connection/connection-types.js';
import { CustomerType } from '../customer/customer-types.js';
import { readFingerprint } from '../machine/read-machine.js';
import { occupySeat } from './occupy-seat.js';
import {
  LeaseSeatInput,
  SeatConnectionType,
  SeatInput,
  SeatResultType,
  type SeatType,
  toSeat,
} from './seat-types.js';

@Resolver(() => CustomerType)
export class SeatResolver {
  @Authorized('SERVICE')
  @Mutation(() => SeatResultType)
  assignSeat(
    @Arg('input', () => SeatInput) { customerId, feature, memberId }: SeatInput,
    @Arg('fingerprint', () => String, {
      nullable: true,
      description: 'The machine asking, where the licence is bound to machines.',
    })
    machine: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<SeatResultType> {
    const fingerprint = readFingerprint('fingerprint', machine);
    return occupySeat(context, customerId, { kind: 'assign', feature, memberId, fingerprint });
  }

  @Authorized('SERVICE')
  @Mutation(() => SeatResultType, { description: 'Of either kind.' })
  releaseSeat(
    @Arg('input', () => SeatInput) { customerId, feature, memberId }: SeatInput,
    @Ctx() context: GatewayContext,
  ): Promise<SeatResultType> {
    return occupySeat(context, customerId, { kind: 'giveBack', feature, memberId });
  }

  @Authorized('SERVICE')
  @Mutation(() => SeatResultType, {
    description: 'Takes or renews a floating seat; it frees itself when not renewed in time.',
  })
  leaseSeat(
    @Arg('input', () => LeaseSeatInput) { customerId, feature, memberId, ...asked }: LeaseSeatInput,
    @Ctx() context: GatewayContext,
  ): Promise<SeatResultType> {
    const fingerprint = readFingerprint('input.fingerprint', asked.fingerprint);
    const ttl = asked.ttl ?? null;
    return occupySeat(context, customerId, { kind: 'lease', feature, memberId, ttl, fingerprint });
  }

  @FieldResolver(() => SeatConnectionType)
  async seats(
    @Root() customer: CustomerType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('feature', () => String, { nullable: true }) feature: string | null | undefined,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<Connection<SeatType> & { totalCount: number }> {
    if (feature != null) requireStorable('feature', feature);
    const request = { first: parseFirst(first), after: after ?? null, feature: feature ?? null };
    const page = granted(await loaders.seats(request).load(customer.id), '');
    return { ...toConnection(page, toSeat), totalCount: page.total };
  }
}

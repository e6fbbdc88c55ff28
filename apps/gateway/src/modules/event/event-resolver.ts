import { Arg, Authorized, Ctx, Directive, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import { listEvents } from '@licet/database';
import type { Instant } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted } from '../../errors/api-error.js';
import { Cursor, DateTime } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { boundList, readCustomerId } from '../arguments.js';
import { parseFirst, toConnection, type Connection } from '../connection/connection-types.js';
import { entitlementsChanges } from './entitlements-changes.js';
import { changeEvents } from './change-events.js';
import {
  ChangeEventType,
  EntitlementsChangeType,
  EventConnectionType,
  PlanChangeType,
  toChangeEvent,
} from './event-types.js';
import { planChanges } from './plan-changes.js';
import { subscribeArguments, type SubscribeData } from './subscribe-arguments.js';

@Resolver()
export class EventResolver {
  @Authorized('READER')
  @Query(() => EventConnectionType, { name: 'events' })
  async listEvents(
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('types', () => [String], { nullable: true }) types: string[] | null | undefined,
    @Arg('customerId', () => ID, { nullable: true }) customer: string | null | undefined,
    @Arg('since', () => DateTime, { nullable: true }) since: Instant | null | undefined,
    @Arg('until', () => DateTime, { nullable: true }) until: Instant | null | undefined,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<Connection<ChangeEventType>> {
    if (since != null && until != null && until < since)
      throw badInput('until', '`until` lies before `since`');
    const customerId =
      customer == null ? null : access.requireCustomer(readCustomerId('customerId', customer));
    const listed = await listEvents(db, access.tenantId, {
      first: parseFirst(first),
      after: after ?? null,
      types: boundList('types', types) ?? null,
      customerId,
      only: access.only,
      since: since ?? null,
      until: until ?? null,
    });
    return toConnection(granted(listed, '').page, toChangeEvent);
  }

  @Directive(FOR_ROUTERS)
  @Subscription(() => PlanChangeType, {
    subscribe: (data: SubscribeData) => planChanges(...subscribeArguments(data)),
  })
  planChanged(
    @Root() change: PlanChangeType,
    @Arg('customerId', () => ID, { nullable: true }) _customerId: string | null | undefined,
    @Arg('after', () => Cursor, { nullable: true }) _after: string | null | undefined,
  ): PlanChangeType {
    return change;
  }

  @Directive(FOR_ROUTERS)
  @Subscription(() => EntitlementsChangeType, {
    subscribe: (data: SubscribeData) => entitlementsChanges(...subscribeArguments(data)),
  })
  entitlementsChanged(
    @Root() change: EntitlementsChangeType,
    @Arg('customerId', () => ID) _customerId: string,
    @Arg('after', () => Cursor, { nullable: true }) _after: string | null | undefined,
  ): EntitlementsChangeType {
    return change;
  }

  @Subscription(() => ChangeEventType, {
    subscribe: (data: SubscribeData) => changeEvents(...subscribeArguments(data)),
  })
  events(
    @Root() event: ChangeEventType,
    @Arg('types', () => [String], { nullable: true }) _types: string[] | null | undefined,
    @Arg('customerId', () => ID, { nullable: true }) _customerId: string | null | undefined,
    @Arg('after', () => Cursor, { nullable: true }) _after: string | null | undefined,
  ): ChangeEventType {
    return event;
  }
}

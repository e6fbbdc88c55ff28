import { Arg, Authorized, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { listDecisions } from '@licet/database';
import type { Instant } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted } from '../../errors/api-error.js';
import { Cursor, DateTime } from '../../scalars/index.js';
import { boundList, readCustomerId } from '../arguments.js';
import { DecisionCodeEnum, type DecisionCodeName } from '../check/decision-code.js';
import { parseFirst, toConnection, type Connection } from '../connection/connection-types.js';
import {
  DecisionRecordConnectionType,
  type DecisionRecordType,
  toDecisionRecord,
} from './decision-record-types.js';
import { reportDecisions } from './report-decisions.js';
import { LocalDecisionInput, ReportDecisionsResultType } from './reported-types.js';

@Resolver()
export class DecisionResolver {
  @Authorized('READER')
  @Query(() => DecisionRecordConnectionType, { description: 'Newest first.' })
  async decisions(
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('id', () => ID, { nullable: true }) id: string | null | undefined,
    @Arg('customerId', () => ID, { nullable: true }) customer: string | null | undefined,
    @Arg('feature', () => String, { nullable: true }) feature: string | null | undefined,
    @Arg('allowed', () => Boolean, { nullable: true }) allowed: boolean | null | undefined,
    @Arg('code', () => DecisionCodeEnum, { nullable: true }) code: DecisionCodeName | null | undefined,
    @Arg('since', () => DateTime, { nullable: true }) since: Instant | null | undefined,
    @Arg('until', () => DateTime, { nullable: true }) until: Instant | null | undefined,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<Connection<DecisionRecordType>> {
    if (since != null && until != null && until < since)
      throw badInput('until', '`until` lies before `since`');
    const customerId =
      customer == null ? null : access.requireCustomer(readCustomerId('customerId', customer));
    const listed = await listDecisions(db, access.tenantId, {
      first: parseFirst(first),
      after: after ?? null,
      id: id ?? null,
      customerId,
      only: access.only,
      feature: feature ?? null,
      allowed: allowed ?? null,
      code: code ?? null,
      since: since ?? null,
      until: until ?? null,
    });
    return toConnection(granted(listed, '').page, toDecisionRecord);
  }

  @Authorized('SERVICE')
  @Mutation(() => ReportDecisionsResultType, {
    description:
      'What an SDK has decided out of reach of the gateway, up to 1,000: each for itself, and recorded once.',
  })
  reportDecisions(
    @Arg('decisions', () => [LocalDecisionInput]) decisions: LocalDecisionInput[],
    @Ctx() context: GatewayContext,
  ): Promise<ReportDecisionsResultType> {
    return reportDecisions(context, boundList('decisions', decisions));
  }
}

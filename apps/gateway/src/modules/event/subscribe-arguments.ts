import type { GraphQLResolveInfo } from 'graphql';
import { parseRevision, type Revision } from '@licet/database';
import type { CustomerId } from '@licet/domain';
import { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { boundList, readCustomerId } from '../arguments.js';

/** What a subscription asks for, after its access is checked: no resolver runs before the first event. */
export interface Following {
  readonly customerId: CustomerId | null;
  readonly types: ReadonlySet<string> | null;
  readonly after: Revision | null;
}

interface RawArguments {
  readonly customerId?: string | null;
  readonly types?: readonly string[] | null;
  readonly after?: string | null;
}

/** What the library hands to `subscribe`. */
export interface SubscribeData {
  readonly args: RawArguments;
  readonly context: object;
  readonly info: GraphQLResolveInfo;
}

export function subscribeArguments({ args, context, info }: SubscribeData): [GatewayContext, Following] {
  return readArguments(args, requireContext(context), info);
}

function requireContext(context: object): GatewayContext {
  if (context instanceof GatewayContext) return context;
  throw new Error('a subscription runs without a gateway context');
}

function readArguments(
  { customerId, types, after }: RawArguments,
  context: GatewayContext,
  info: GraphQLResolveInfo,
): [GatewayContext, Following] {
  const { access } = context;
  access.requireOperation(info.fieldName, 'READER');
  const following = {
    customerId:
      customerId == null
        ? access.ownCustomer
        : access.requireCustomer(readCustomerId('customerId', customerId)),
    types: types == null ? null : new Set(boundList('types', types)),
    after: readAfter(after),
  };
  return [context, following];
}

function readAfter(after: string | null | undefined): Revision | null {
  if (after == null) return null;
  const cursor = parseRevision(after);
  if (cursor === null) throw badInput('after', `\`${after}\` is no cursor; hand one back as it was answered`);
  return cursor;
}

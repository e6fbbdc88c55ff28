import { GraphQLError } from 'graphql';
import type { GuardDecision, Subject } from './options.js';

/** The guard cannot be set up, or the gateway refuses what it asks; the message names the remedy. */
export class EntitlementsError extends Error {
  override readonly name = 'EntitlementsError';
}

/** The gateway gave no answer: whether it has done anything is not known. */
export class OutOfReach extends Error {
  override readonly name = 'OutOfReach';
}

export function notEntitled(decision: GuardDecision): GraphQLError {
  return new GraphQLError(decision.message, { extensions: { code: 'NOT_ENTITLED', decision } });
}

export function unauthenticated(): GraphQLError {
  return new GraphQLError('this field is for customers, and the request names none', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

/** The gateway has refused the service's question, which is no fault of whoever asks for the field. */
export function checkFailed(): GraphQLError {
  return new GraphQLError('whether the customer may use this could not be found out', {
    extensions: { code: 'ENTITLEMENT_CHECK_FAILED' },
  });
}

export function outOfReach(feature: string, { customerId }: Subject, allowed: boolean): GuardDecision {
  return {
    ...{ allowed, customerId, feature, stale: true },
    code: allowed ? 'ENTITLED_FALLBACK' : 'UNAVAILABLE',
    message: allowed
      ? `the gateway is out of reach; \`${feature}\` is allowed without it`
      : `the gateway is out of reach, and \`${feature}\` is not allowed without it; try again`,
  };
}

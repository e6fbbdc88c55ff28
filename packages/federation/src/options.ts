import type { Decision } from '@licet/api-types';
import type { EntitlementsError } from './errors.js';

/** For whom a request's fields are evaluated. */
export interface Subject {
  readonly customerId: string;
  /** The person asking, where features are or need seats. */
  readonly memberId?: string | null;
  /** Facts that rules may use as `context`. */
  readonly context?: Readonly<Record<string, unknown>> | null;
  /**
   * The end customer's own `Authorization` (a customer token), as a router has passed it on. Checks are then asked with it in place of
   * the service's key, so that nobody gets an answer about another customer. Spending is always the service's.
   */
  readonly authorization?: string | null;
  /** Of the request (`idempotencyKeyIn`): with the same one each field path spends once. None: each execution spends. */
  readonly idempotencyKey?: string | null;
}

/** By the feature's key. */
export type WhileUnread = Readonly<Record<string, 'OPEN' | 'CLOSED'>>;

export interface EntitlementsOptions<Context> {
  /** Address of the gateway's GraphQL, `https://licet.example.com/graphql`. */
  readonly url: string;
  /** Of this service: names the operations `features` and `checkMany`, and `consumeMany` (role SERVICE) where fields spend. */
  readonly apiKey: string;
  /** Who asks, from the context that resolvers get; null: nobody is known, and guarded fields are UNAUTHENTICATED. */
  readonly subjectOf: (context: Context) => Subject | null | Promise<Subject | null>;
  /** Told where the gateway refuses what is asked (a key that is not for it): front ends are not. Default: it is printed as an error. */
  readonly onRefused?: (error: EntitlementsError) => void;
  /** Told where the gateway gives no answer at start. Default: it is printed as a warning. */
  readonly onOutOfReach?: (error: EntitlementsError) => void;
  /**
   * What features do before the catalog has said it, because the gateway has been out of reach since the start. Those that are not named
   * are closed.
   */
  readonly whileUnread?: WhileUnread;
  /** How long the gateway has for an answer before it counts as out of reach, in milliseconds. Default 2,000. */
  readonly timeoutMilliseconds?: number;
  /** How many decisions are kept for features that are LAST_KNOWN. Default 10,000. */
  readonly decisionsKept?: number;
}

/** A decision of the gateway's; where it was out of reach, of what was known (`stale`) or without anything more than its code. */
export type GuardDecision = Pick<
  Decision,
  'allowed' | 'code' | 'message' | 'customerId' | 'feature' | 'stale'
> &
  Partial<Decision>;

import { customerName } from '../seed/tenant.js';

/** What the peers answer to every check: an answer of the same shape and length as ours, at no cost. */
export const CONSTANT = {
  customerId: customerName(1),
  feature: 'calls-01',
  allowed: true,
  code: 'ENTITLED',
  value: null,
  limit: 1000,
  used: 250,
  remaining: 750,
  validUntil: '2026-02-15T12:00:00.000Z',
  revision: '0000000000000007-0a1b2c3d',
};

export const CONSTANT_BODY = JSON.stringify({ data: { check: CONSTANT } });

/**
 * The part of our schema that the race asks for. Built-in scalars in place of ours, which is cheaper; no default for
 * `quantity`, which Mercurius' compiler would refuse.
 */
export const CHECK_SCHEMA = `
  type Query { check(input: CheckInput!): Decision! }
  input CheckInput { customerId: ID! feature: String! quantity: Int }
  enum DecisionCode { ENTITLED NOT_IN_PLAN LIMIT_EXCEEDED }
  type Decision {
    customerId: ID!
    feature: String!
    allowed: Boolean!
    code: DecisionCode!
    value: String
    limit: Float
    used: Float
    remaining: Float
    validUntil: String
    revision: String!
  }
`;

/** The same for the evaluation of a flag, by OFREP. */
export const FLAG = {
  key: 'calls-01',
  reason: 'TARGETING_MATCH',
  value: 1000,
  metadata: {
    allowed: true,
    code: 'ENTITLED',
    message: 'Customer `customer-0000001` has 1,000 of `calls-01`, of which 250 are used.',
    unlimited: false,
    limit: 1000,
    used: 250,
    reserved: 0,
    remaining: 750,
    resetsAt: '2026-02-15T12:00:00.000Z',
    validUntil: '2026-02-15T12:00:00.000Z',
    decisionId: 'dec_00000000-0000-4000-8000-000000000000',
    release: 1,
    revision: '0000000000000007-0a1b2c3d',
    stale: false,
  },
};

export const FLAG_BODY = JSON.stringify(FLAG);

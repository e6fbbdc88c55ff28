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

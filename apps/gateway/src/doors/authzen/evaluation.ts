import { factsOf, formatInstant } from '@licet/domain';
import type { Access } from '../../access.js';
import type { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { type CheckAsked, checkOne } from '../../modules/check/check-many.js';
import type { DecisionType } from '../../modules/check/decision-type.js';
import type { JsonObject } from '../../scalars/index.js';
import { readName, readObject, readQuantity, readText } from '../read-value.js';

/** The action that decisions are about. */
const ACTION = 'use';

/** Why an evaluation has no decision of Licet's behind it. `status`: as of HTTP. */
export interface EvaluationError {
  readonly status: number;
  readonly message: string;
}

/** Section 5.5 of the specification. */
export interface AuthzenDecision {
  readonly decision: boolean;
  readonly context: Readonly<Record<string, unknown>>;
}

/** A denial that rests on no decision. */
export function deniedBy(error: EvaluationError): AuthzenDecision {
  return { decision: false, context: { error } };
}

/**
 * Decides one evaluation. What Licet knows nothing of (other types, other actions) is denied; BAD_USER_INPUT where something
 * that is required is missing, or is not what it must be.
 */
export async function evaluate(context: GatewayContext, evaluation: JsonObject): Promise<AuthzenDecision> {
  const asked = readEvaluation(context.access, evaluation);
  return 'status' in asked ? deniedBy(asked) : answerOf(await checkOne(context, asked, ''));
}

/** What is asked of `check`: docs/doors.md says what becomes what. */
export function readEvaluation(access: Access, evaluation: JsonObject): CheckAsked | EvaluationError {
  const subject = readEntity('subject', evaluation['subject']);
  const resource = readEntity('resource', evaluation['resource']);
  const action = readObject('action', evaluation['action']);
  const name = readName('action.name', action['name']);
  const { quantity } = readProperties('action.properties', action['properties']);
  const { context: facts } = evaluation;
  const asked = {
    feature: resource.id,
    quantity: readQuantity('action.properties.quantity', quantity, 1),
    context: facts == null ? null : readObject('context', facts),
    fingerprint: readText('subject.properties.fingerprint', subject.properties['fingerprint']),
    productVersion: readText('subject.properties.productVersion', subject.properties['productVersion']),
  };
  if (resource.type !== 'feature') return unknown('resource.type', resource.type, 'feature');
  if (name !== ACTION) return unknown('action.name', name, ACTION);
  switch (subject.type) {
    case 'customer': {
      const memberId = readText('subject.properties.memberId', subject.properties['memberId']);
      return { customerId: subject.id, memberId, ...asked };
    }
    case 'member':
      return { customerId: customerOf(access, subject), memberId: subject.id, ...asked };
    default:
      return unknown('subject.type', subject.type, 'customer` or `member');
  }
}

function unknown(field: string, found: string, known: string): EvaluationError {
  return { status: 404, message: `\`${field}\` is \`${found}\`; decisions are about \`${known}\` alone` };
}

interface Entity {
  readonly type: string;
  readonly id: string;
  readonly properties: JsonObject;
}

function readEntity(field: string, value: unknown): Entity {
  const { type, id, properties } = readObject(field, value);
  return {
    type: readName(`${field}.type`, type),
    id: readName(`${field}.id`, id),
    properties: readProperties(`${field}.properties`, properties),
  };
}

function readProperties(field: string, value: unknown): JsonObject {
  return value == null ? {} : readObject(field, value);
}

/** Members are named within their customer, which a credential that is for one customer alone names by itself. */
function customerOf({ ownCustomer }: Access, { properties }: Entity): string {
  const field = 'subject.properties.customerId';
  const customerId = readText(field, properties['customerId']) ?? ownCustomer;
  if (customerId !== null) return customerId;
  throw badInput(field, 'it is missing; a member is one of a customer');
}

/** The decision as the specification says it. */
export function answerOf(decision: DecisionType): AuthzenDecision {
  const { id, allowed, code, message, value, release, revision, asOf, stale } = decision;
  return {
    decision: allowed,
    context: {
      id,
      code,
      reason: message,
      ...(value === null ? {} : { value }),
      ...factsOf(decision),
      release,
      revision,
      asOf: formatInstant(asOf),
      stale,
    },
  };
}

import type { CheckAsked } from '../../modules/check/check-many.js';
import { readCustomerId } from '../../modules/arguments.js';
import { badInput } from '../../errors/api-error.js';
import { readObject, readQuantity, readText } from '../read-value.js';
import { OfrepError } from './ofrep-error.js';

/** What an evaluation context says of a check; the feature is named elsewhere. */
export type EvaluationContext = Omit<CheckAsked, 'feature' | 'atLeast'>;

/** Where errors say that something is wrong. */
export const CONTEXT_FIELD = 'context';

/**
 * Reads the body of an evaluation: `targetingKey` is the customer; `memberId`, `fingerprint`, `productVersion` and `quantity`
 * are what `check` takes by these names; all other attributes are facts for rules.
 */
export function readEvaluationContext(body: unknown): EvaluationContext {
  const { context } = readBody(body);
  if (context === undefined)
    throw new OfrepError(
      'INVALID_CONTEXT',
      CONTEXT_FIELD,
      'it is missing; send `{"context": {"targetingKey": …}}`',
    );
  const { targetingKey, memberId, fingerprint, productVersion, quantity, ...facts } = readObject(
    CONTEXT_FIELD,
    context,
  );
  return {
    customerId: readTargetingKey(targetingKey),
    memberId: readText(fieldOf('memberId'), memberId),
    fingerprint: readText(fieldOf('fingerprint'), fingerprint),
    productVersion: readText(fieldOf('productVersion'), productVersion),
    quantity: readQuantity(fieldOf('quantity'), quantity, 1),
    context: facts,
  };
}

/** What else it holds is nobody's, and is not looked at. */
function readBody(body: unknown): { readonly context?: unknown } {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw badInput('', 'a JSON object is wanted');
}

function readTargetingKey(value: unknown): string {
  const field = fieldOf('targetingKey');
  const key = readText(field, value);
  if (key === null || key === '')
    throw new OfrepError('TARGETING_KEY_MISSING', field, "it is missing; it is the customer's id");
  return readCustomerId(field, key);
}

function fieldOf(name: string): string {
  return `${CONTEXT_FIELD}.${name}`;
}

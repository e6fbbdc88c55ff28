import { ErrorCode, type EvaluationContext } from '@openfeature/core';
import type { CheckOptions } from '../client.js';
import { EvaluationError } from './evaluation-error.js';

/**
 * Reads an evaluation context as the gateway's OFREP door does (docs/doors.md): `targetingKey` is the customer; `memberId`, `fingerprint`,
 * `productVersion` and `quantity` are what `check` takes by these names; all other attributes are facts for rules.
 */
export function readContext(asked: EvaluationContext, customerId: string): CheckOptions {
  const { targetingKey, memberId, fingerprint, productVersion, quantity, ...facts } = asked;
  if (readText('targetingKey', targetingKey, ErrorCode.TARGETING_KEY_MISSING) !== customerId)
    throw new EvaluationError(
      ErrorCode.GENERAL,
      `context.targetingKey: this provider's client is of customer \`${customerId}\` alone; make a client and a provider for each`,
    );
  return {
    ...optional('memberId', memberId),
    ...optional('fingerprint', fingerprint),
    ...optional('productVersion', productVersion),
    ...(quantity == null ? {} : { quantity: readQuantity(quantity) }),
    context: asJson(facts),
  };
}

function optional<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  return value == null ? {} : record(name, readText(name, value, ErrorCode.INVALID_CONTEXT));
}

function record<Name extends string>(name: Name, text: string): Partial<Record<Name, string>> {
  const named: Partial<Record<Name, string>> = {};
  named[name] = text;
  return named;
}

/** `missing`: how it is called where there is none. */
function readText(name: string, value: unknown, missing: ErrorCode): string {
  if (value == null || (value === '' && missing === ErrorCode.TARGETING_KEY_MISSING))
    throw new EvaluationError(missing, `context.${name}: it is missing; it is the customer's id`);
  if (typeof value === 'string') return value;
  throw new EvaluationError(ErrorCode.INVALID_CONTEXT, `context.${name}: a text is wanted`);
}

function readQuantity(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new EvaluationError(
    ErrorCode.INVALID_CONTEXT,
    'context.quantity: a quantity is a whole number from 0 to 9007199254740991',
  );
}

/** As the facts would come over HTTP: times as texts, and without what is undefined. */
function asJson(facts: EvaluationContext): Readonly<Record<string, unknown>> {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(facts));
    return { ...(typeof copy === 'object' ? copy : null) };
  } catch {
    throw new EvaluationError(ErrorCode.INVALID_CONTEXT, 'context: only what JSON can hold is wanted');
  }
}

import { supply } from '../../decision/message.js';
import type { RuleFailure } from '../../decision/rule-reading.js';
import type { Remedy } from '../explanation.js';
import { remedyOf } from './attempt.js';

/**
 * Where facts are missing, and nothing else stands in a source's way. It cannot be tried, since nobody knows the value:
 * what is decided with it is the rule's to say.
 */
export function suppliedFacts(conditions: readonly (readonly RuleFailure[])[]): Remedy[] {
  const messages = conditions.flatMap((failures) => messageFor(failures) ?? []);
  return [...new Set(messages)].map((message) => remedyOf('SUPPLY_FACT', message));
}

function messageFor(failures: readonly RuleFailure[]): string | null {
  const fields = failures.flatMap((failure) => (isSuppliable(failure) ? failure.fields : []));
  if (!failures.every(isSuppliable)) return null;
  return [...new Set(fields)].map((field) => `\`${field}\` is missing: ${supply(field)}`).join('; ');
}

/** The request's, or the customer's; what a subscription or a counter lacks nobody can send. */
function isSuppliable(failure: RuleFailure): failure is Extract<RuleFailure, { kind: 'MISSING' }> {
  return failure.kind === 'MISSING' && failure.fields.every((field) => /^(context|customer)\b/.test(field));
}

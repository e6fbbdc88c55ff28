import type { CheckRequest, Decision, DenyingCode } from './decision.js';
import { explainDenial } from './message.js';

/** A denial that rests on nothing that the customer has. */
export function denied(customerId: string, request: CheckRequest, code: DenyingCode): Decision {
  return {
    allowed: false,
    code,
    message: explainDenial(code, request.feature),
    customerId,
    feature: request.feature,
    ...NOTHING_COUNTED,
  };
}

/** What a decision says of a counter where there is none. */
export const NOTHING_COUNTED = {
  value: null,
  limit: null,
  unlimited: false,
  used: null,
  reserved: null,
  remaining: null,
  resetsAt: null,
  validUntil: null,
  sources: [],
};

import type { CustomerAccount } from '../customer.js';
import type { Refusal } from './command.js';

export type Refused = { readonly ok: false; readonly refusal: Refusal };

/** The input can never be right. */
export function badInput(field: string, message: string): Refused {
  return { ok: false, refusal: { code: 'BAD_USER_INPUT', field, message } };
}

/** The input names what does not exist. */
export function notFound(field: string, message: string): Refused {
  return { ok: false, refusal: { code: 'NOT_FOUND', field, message } };
}

/** Right input at the wrong time. */
export function conflict(field: string | null, message: string): Refused {
  return { ok: false, refusal: { code: 'CONFLICT', field, message } };
}

/** What was asked for already is so: no change and no event. */
export function unchanged(account: CustomerAccount): {
  readonly ok: true;
  readonly account: CustomerAccount;
  readonly events: readonly [];
} {
  return { ok: true, account, events: [] };
}

import type { ApiError } from '../../errors/api-error.js';
import type { RejectedItemType } from './usage-types.js';

export type Rejection = Omit<RejectedItemType, 'index'>;

/** What is wrong with an item of a list that is answered item by item. */
export function rejectionOf({ extensions: { code, field }, message }: ApiError): Rejection {
  return {
    code: String(code),
    field: typeof field === 'string' && field !== '' ? field : null,
    message,
  };
}

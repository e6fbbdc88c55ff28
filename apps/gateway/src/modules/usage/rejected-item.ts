import type { ApiError } from '../../errors/api-error.js';
import type { RejectedItemType } from './usage-types.js';

/** An item of a list that is answered item by item, as what is wrong with it says. */
export function rejectedItem(
  index: number,
  { extensions: { code, field }, message }: ApiError,
): RejectedItemType {
  return {
    index,
    code: String(code),
    field: typeof field === 'string' && field !== '' ? field : null,
    message,
  };
}

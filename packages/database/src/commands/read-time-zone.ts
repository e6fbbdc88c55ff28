import { parseTimeZone, type TimeZone } from '@licet/domain';
import { refused, type Refused } from '../result.js';

/** The zone that a caller names as `timeZone`; BAD_USER_INPUT where it is none of the IANA's. */
export function readTimeZone(text: string): TimeZone | Refused {
  return (
    parseTimeZone(text) ??
    refused(
      'BAD_USER_INPUT',
      'timeZone',
      `\`${text}\` is no IANA time zone; use a name such as \`Europe/Berlin\``,
    )
  );
}

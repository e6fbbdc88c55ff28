import type { Release } from '../customer.js';
import type { TimeZone } from '../time/instant.js';

/** The zone of customers who name none of their own: the catalog's, else the tenant's. docs/rules.md, "Time". */
export function defaultTimeZone({ catalog, publication }: Release): TimeZone {
  return catalog.timeZone ?? publication.timeZone;
}

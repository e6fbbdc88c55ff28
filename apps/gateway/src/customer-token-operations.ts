/**
 * What a customer token may run, for its own customer: what reads and follows that customer, and reports what was
 * decided about it; nothing else that writes, or that is the vendor's. An operation that is not named here is FORBIDDEN (docs/access.md).
 */
export const CUSTOMER_TOKEN_OPERATIONS: readonly string[] = [
  'check',
  'checkMany',
  'entitlements',
  'explain',
  'customer',
  'subscription',
  'license',
  'snapshot',
  'planChanged',
  'entitlementsChanged',
  'reportDecisions',
  '_entities',
];

export { connectEntitlements, type Entitlements } from './entitlements.js';
export { directiveTypeDefs, requiresEntitlementDirective } from './directive.js';
export { EntitlementsError } from './errors.js';
export { idempotencyKeyIn, type HeadersLike } from './headers.js';
export type { EntitlementsOptions, GuardDecision, Subject, WhileUnread } from './options.js';

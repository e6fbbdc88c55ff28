/**
 * What routers see of the API. On a type: all its fields, but those whose own type is not tagged. On a field: that field of a
 * type that is not seen whole. Scalars, enums and inputs come along with the fields that use them.
 */
export const ROUTER_TAG = 'router';

/** For `@Directive`. */
export const FOR_ROUTERS = `@tag(name: "${ROUTER_TAG}")`;

export { DateTime } from './date-time.js';
export { Duration } from './duration.js';
export { Json, JsonObjectScalar, type JsonObject } from './json.js';
export { Cursor, RevisionScalar } from './opaque.js';
export { Quantity } from './quantity.js';

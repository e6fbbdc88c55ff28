import type { GraphQLLeafType } from 'graphql';

/** What JSON writes otherwise: quotes, backslashes, control characters, halves of surrogate pairs. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/**
 * The JSON of a scalar or an enum value that is not null.
 * Throws what the type throws about a value that it does not know.
 */
export function leafText(type: GraphQLLeafType, value: unknown): string {
  const serialized: unknown = type.serialize(value);
  switch (typeof serialized) {
    case 'string':
      return ESCAPED.test(serialized) ? JSON.stringify(serialized) : `"${serialized}"`;
    case 'boolean':
      return serialized ? 'true' : 'false';
    default:
      if (serialized === null || serialized === undefined) {
        throw new Error(`a value of type ${type.name} was serialised to nothing`);
      }
      return JSON.stringify(serialized);
  }
}

import { lexicographicSortSchema, printSchema } from 'graphql';
import { buildApiSchema } from './api-schema.js';

/** The API in the schema language, sorted, so that a change of it is a small difference. */
export function emitSchema(): string {
  return `${printSchema(lexicographicSortSchema(buildApiSchema()))}\n`;
}

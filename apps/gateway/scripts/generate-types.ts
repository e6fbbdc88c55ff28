import { codegen } from '@graphql-codegen/core';
import * as typescriptPlugin from '@graphql-codegen/typescript';
import { parse } from 'graphql';

const CONFIG = {
  enumsAsTypes: true,
  skipTypename: true,
  strictScalars: true,
  defaultScalarType: 'unknown',
  avoidOptionals: { field: true, inputValue: false, object: true, defaultValue: false },
  immutableTypes: true,
  scalars: {
    DateTime: 'string',
    Duration: 'string',
    Quantity: 'number',
    Revision: 'string',
    Cursor: 'string',
    JSON: 'unknown',
    JSONObject: 'Record<string, unknown>',
  },
};

/** TypeScript types of a schema: enums as unions of strings, scalars as they travel in JSON. */
export function generateTypes(schema: string): Promise<string> {
  return codegen({
    filename: 'graphql.ts',
    schema: parse(schema),
    documents: [],
    config: CONFIG,
    plugins: [{ typescript: {} }],
    pluginMap: { typescript: typescriptPlugin },
  });
}

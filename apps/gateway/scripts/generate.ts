import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emitSchema } from '../src/schema/emit.js';
import { generateTypes } from './generate-types.js';

const API_TYPES = join(__dirname, '../../../packages/api-types');

async function generate(): Promise<void> {
  const schema = emitSchema();
  await writeFile(join(API_TYPES, 'schema.graphql'), schema);
  await writeFile(join(API_TYPES, 'src/generated/graphql.ts'), await generateTypes(schema));
}

generate().catch((error: unknown) => {
  process.stderr.write(
    `generate: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});

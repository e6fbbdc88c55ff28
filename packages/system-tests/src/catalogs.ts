import { TEST_CATALOG } from '@licet/database/testing';
import type { GraphqlClient } from './graphql-client.js';

/** The test catalog with another number of projects in its plan `free`. */
export function catalogWith(projects: number, existingSubscriptions: 'stay' | 'now'): object {
  const { free, pro } = TEST_CATALOG.plans;
  const plans = { pro, free: { ...free, entitlements: { ...free.entitlements, projects } } };
  return { ...TEST_CATALOG, plans, existingSubscriptions };
}

/** Keeps a catalog as a draft; returns its number. */
export async function draft(client: GraphqlClient, document: object): Promise<number> {
  const data = await client.send(
    'mutation ($document: JSONObject) { draftRelease(document: $document) { release { number } } }',
    { document },
  );
  if (!isDraft(data)) throw new Error(`no draft: ${JSON.stringify(data)}`);
  return data.draftRelease.release.number;
}

export async function publish(client: GraphqlClient, number: number): Promise<void> {
  await client.send('mutation ($n: Int!) { publishRelease(release: $n) { revision } }', { n: number });
}

function isDraft(
  data: object,
): data is { readonly draftRelease: { readonly release: { readonly number: number } } } {
  return 'draftRelease' in data;
}

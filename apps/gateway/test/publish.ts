import type { TestGateway } from './gateway.js';

/** Makes a catalog of this document the live release; returns the revision. */
export async function publish(gateway: TestGateway, document: unknown): Promise<string> {
  const drafted = await gateway.send(
    'mutation ($document: JSONObject!) { draftRelease(document: $document) { release { number } } }',
    { document },
  );
  const published = await gateway.send(
    'mutation ($release: Int!) { publishRelease(release: $release) { revision } }',
    { release: drafted.get('draftRelease.release.number') },
  );
  expect([drafted.errors, published.errors]).toEqual([[], []]);
  return published.text('publishRelease.revision');
}

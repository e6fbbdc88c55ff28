import { brotliDecompressSync } from 'node:zlib';

/** What the database holds of decisions, unpacked: of flushes and of blocks. `query`: as the database's owner. */
export async function storedDecisions(owner: {
  query(text: string): Promise<{ readonly rows: readonly { readonly body: Buffer }[] }>;
}): Promise<string> {
  const { rows } = await owner.query(
    'select body from decision_flush union all select body from decision_block',
  );
  return rows.map(({ body }) => brotliDecompressSync(body).toString()).join('\n');
}

import { brotliDecompressSync } from 'node:zlib';

/** What the database holds of decisions, unpacked: of flushes and of blocks. `query`: as the database's owner. */
export async function storedDecisions(owner: {
  query(text: string): Promise<{ readonly rows: readonly { readonly body: Buffer }[] }>;
}): Promise<string> {
  // Of a block each of its pieces.
  const { rows } = await owner.query(
    `select body from decision_flush union all
     select substr(body, coalesce(piece_ends[piece - 1], 0) + 1, piece_ends[piece] - coalesce(piece_ends[piece - 1], 0))
     from (select body, coalesce(piece_ends, array[octet_length(body)]) as piece_ends from decision_block) b,
       generate_subscripts(piece_ends, 1) as piece`,
  );
  return rows.map(({ body }) => brotliDecompressSync(body).toString()).join('\n');
}

import type { CatalogPreview, ParsedCatalog, TenantId } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import { candidateRelease, previewOf, readLive } from './release-changes.js';

/** What publishing this catalog would change, and whether its scenarios pass. Writes nothing. */
export async function previewCatalog(
  db: Database,
  tenantId: TenantId,
  parsed: ParsedCatalog,
): Promise<CatalogPreview> {
  return readTransaction(db, tenantId, async (transaction) => {
    const [live, at] = await Promise.all([readLive(db, transaction), readClock(transaction)]);
    const number = live.release.number + 1;
    const release = await candidateRelease(transaction, live, parsed, { number, at });
    return previewOf(db, transaction, live, { parsed, release });
  });
}

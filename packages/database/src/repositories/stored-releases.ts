import { type Instant, instant, type Release, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import type { Actor } from '../event-log/append.js';
import { liveReleaseNumber, releaseByNumber } from './releases.js';

export type ReleaseStatus = 'DRAFT' | 'SHADOW' | 'CANARY' | 'LIVE' | 'RETIRED' | 'REJECTED';

/** A release with what operators want to know of it. */
export interface StoredRelease {
  readonly release: Release;
  readonly base: number | null;
  readonly status: ReleaseStatus;
  readonly document: Readonly<Record<string, unknown>>;
  readonly checksum: string;
  readonly comment: string | null;
  readonly createdBy: Actor;
  readonly createdAt: Instant;
  readonly publishedAt: Instant | null;
}

interface ReleaseRow {
  readonly base: number | null;
  readonly status: ReleaseStatus;
  readonly document: Record<string, unknown>;
  readonly checksum: string;
  readonly comment: string | null;
  readonly created_by: Actor;
  readonly created_at: Date;
  readonly published_at: Date | null;
}

/** The compiled live release: from memory but for its number. */
export async function liveRelease(db: Database, tenantId: TenantId): Promise<Release> {
  return readTransaction(db, tenantId, async (transaction) =>
    releaseByNumber(db, transaction, await liveReleaseNumber(transaction)),
  );
}

/** The live release as it is stored. */
export async function storedLiveRelease(db: Database, tenantId: TenantId): Promise<StoredRelease> {
  return readTransaction(db, tenantId, async (transaction) => {
    const number = await liveReleaseNumber(transaction);
    const [row] = await transaction.query<ReleaseRow>({
      name: 'stored-release',
      text: `select base, status, document, checksum, comment, created_by, created_at, published_at
             from catalog_release where tenant_id = $1 and number = $2`,
      values: [tenantId, number],
    });
    if (!row) throw new Error('the live release is there');
    return {
      release: await releaseByNumber(db, transaction, number),
      base: row.base,
      status: row.status,
      document: row.document,
      checksum: row.checksum,
      comment: row.comment,
      createdBy: row.created_by,
      createdAt: instant(row.created_at.getTime()),
      publishedAt: row.published_at === null ? null : instant(row.published_at.getTime()),
    };
  });
}

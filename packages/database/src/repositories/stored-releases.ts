import { type Instant, instant, type Release, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import type { Actor } from '../event-log/append.js';
import type { Result } from '../result.js';
import { malformedCursor, type Page, type PageRequest, pageOf } from './page.js';
import { publishedRelease, rulesVersion } from './releases.js';

export type ReleaseStatus = 'DRAFT' | 'SHADOW' | 'CANARY' | 'LIVE' | 'RETIRED' | 'REJECTED';

/** A release as it is stored, with what operators want to know of it. */
export interface StoredRelease {
  readonly number: number;
  /** The release that was live when this one was drafted. */
  readonly base: number | null;
  readonly status: ReleaseStatus;
  readonly document: Readonly<Record<string, unknown>>;
  readonly checksum: string;
  readonly comment: string | null;
  /** Why it was rejected or rolled back. */
  readonly reason: string | null;
  readonly createdBy: Actor;
  readonly createdAt: Instant;
  /** When it first went live. */
  readonly publishedAt: Instant | null;
}

interface ReleaseRow {
  readonly number: number;
  readonly base: number | null;
  readonly status: ReleaseStatus;
  readonly document: Record<string, unknown>;
  readonly checksum: string;
  readonly comment: string | null;
  readonly reason: string | null;
  readonly created_by: Actor;
  readonly created_at: Date;
  readonly published_at: Date | null;
}

const COLUMNS =
  'number, base, status, document, checksum, comment, reason, created_by, created_at, published_at';

function releaseFromRow(row: ReleaseRow): StoredRelease {
  const { number, base, status, document, checksum, comment, reason } = row;
  return {
    ...{ number, base, status, document, checksum, comment, reason },
    createdBy: row.created_by,
    createdAt: instant(row.created_at.getTime()),
    publishedAt: row.published_at === null ? null : instant(row.published_at.getTime()),
  };
}

/** The compiled live release: from memory but for the number of its publication. */
export async function liveRelease(db: Database, tenantId: TenantId): Promise<Release> {
  return readTransaction(db, tenantId, async (transaction) =>
    publishedRelease(db, transaction, await rulesVersion(transaction)),
  );
}

/** The live release as it is stored. */
export async function storedLiveRelease(db: Database, tenantId: TenantId): Promise<StoredRelease> {
  return readTransaction(db, tenantId, async (transaction) => {
    const { number } = await publishedRelease(db, transaction, await rulesVersion(transaction));
    const live = await releaseOf(transaction, number);
    if (!live) throw new Error('the live release is stored');
    return live;
  });
}

/** A release by its number; null: there is none. */
export async function findRelease(
  db: Database,
  tenantId: TenantId,
  number: number,
): Promise<StoredRelease | null> {
  return readTransaction(db, tenantId, (transaction) => releaseOf(transaction, number));
}

export async function releaseOf(transaction: Transaction, number: number): Promise<StoredRelease | null> {
  const [row] = await transaction.query<ReleaseRow>({
    name: 'stored-release',
    text: `select ${COLUMNS} from catalog_release where tenant_id = $1 and number = $2`,
    values: [transaction.tenantId, number],
  });
  return row ? releaseFromRow(row) : null;
}

export interface ReleaseSearch extends PageRequest {
  readonly status: ReleaseStatus | null;
}

/** Releases, newest first. */
export async function listReleases(
  db: Database,
  tenantId: TenantId,
  request: ReleaseSearch,
): Promise<Result<{ page: Page<StoredRelease> }>> {
  const before = request.after === null ? null : decodeCursor(request.after);
  if (request.after !== null && before === null) return malformedCursor();
  return readTransaction(db, tenantId, async (transaction) => {
    const rows = await transaction.query<ReleaseRow>({
      name: 'list-releases',
      text: `select ${COLUMNS} from catalog_release
             where tenant_id = $1 and ($2::int is null or number < $2) and ($3::text is null or status = $3)
             order by number desc limit $4`,
      values: [tenantId, before, request.status, request.first + 1],
    });
    return {
      ok: true,
      page: pageOf(rows.map(releaseFromRow), request, ({ number }) => encodeCursor(number)),
    };
  });
}

function encodeCursor(number: number): string {
  return Buffer.from(`release:${String(number)}`, 'utf8').toString('base64url');
}

function decodeCursor(cursor: string): number | null {
  const digits = /^release:(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  const number = Number(digits ?? 0);
  return encodeCursor(number) === cursor ? number : null;
}

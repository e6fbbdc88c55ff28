import type { LicenseFileData } from '@licet/api-types';
import {
  type CustomerId,
  type Decision,
  type FeatureKey,
  formatInstant,
  instant,
  type Instant,
  type LicenseFile,
  type LicenseFileId,
  type LicenseId,
  type MemberId,
} from '@licet/domain';
import type { Column } from './columns.js';

/** How the call was answered that issued a file. */
export interface FileAnswer {
  readonly decision: Decision;
  /** Number of the release that was live. */
  readonly release: number;
  /** The database's clock. */
  readonly asOf: Instant;
}

/** A file as it is kept. */
export interface StoredFile {
  readonly customerId: CustomerId;
  readonly file: LicenseFile;
  /** Compact JWS. */
  readonly token: string;
  readonly answer: FileAnswer;
}

type Units = readonly (readonly [FeatureKey, number])[];

/** A row of `license_file`; written only from a domain value. */
export interface FileRow {
  readonly id: LicenseFileId;
  readonly customer_id: CustomerId;
  readonly license_id: LicenseId;
  readonly fingerprint: string;
  readonly nonce: string | null;
  readonly issued_at: Date;
  readonly expires_at: Date;
  readonly budgets: Units;
  readonly seat_feature: FeatureKey | null;
  readonly member_id: MemberId | null;
  readonly token: string;
  readonly answer: FileAnswer;
  readonly settled_at: Date | null;
  readonly spent: Units | null;
}

/** What a new row holds: nothing has been settled. */
export const FILE_ROW: readonly Column<StoredFile>[] = [
  { name: 'id', type: 'text', of: ({ file }) => file.id },
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'license_id', type: 'text', of: ({ file }) => file.licenseId },
  { name: 'fingerprint', type: 'text', of: ({ file }) => file.fingerprint },
  { name: 'nonce', type: 'text', of: ({ file }) => file.nonce },
  { name: 'issued_at', type: 'timestamptz', of: ({ file }) => file.issuedAt },
  { name: 'expires_at', type: 'timestamptz', of: ({ file }) => file.expiresAt },
  { name: 'budgets', type: 'jsonb', of: ({ file }) => [...file.budgets] },
  { name: 'seat_feature', type: 'text', of: ({ file }) => file.seat?.feature ?? null },
  { name: 'member_id', type: 'text', of: ({ file }) => file.seat?.memberId ?? null },
  { name: 'token', type: 'text', of: ({ token }) => token },
  { name: 'answer', type: 'jsonb', of: ({ answer }) => answer },
];

export function fileFromRow(row: FileRow): StoredFile {
  const { seat_feature: feature, member_id: memberId, settled_at: at, spent } = row;
  return {
    customerId: row.customer_id,
    file: {
      ...{ id: row.id, licenseId: row.license_id, fingerprint: row.fingerprint, nonce: row.nonce },
      issuedAt: instant(row.issued_at.getTime()),
      expiresAt: instant(row.expires_at.getTime()),
      budgets: new Map(row.budgets),
      seat: feature === null || memberId === null ? null : { feature, memberId },
      settled: at === null ? null : { at: instant(at.getTime()), spent: new Map(spent) },
    },
    token: row.token,
    answer: row.answer,
  };
}

/** What events say of a file; its token is for the machine alone. */
export function fileToJson({ settled, budgets, seat, ...file }: LicenseFile): LicenseFileData {
  return {
    ...{ id: file.id, license: file.licenseId, fingerprint: file.fingerprint },
    issuedAt: formatInstant(file.issuedAt),
    expiresAt: formatInstant(file.expiresAt),
    budgets: Object.fromEntries(budgets),
    seat,
    settledAt: settled && formatInstant(settled.at),
    spent: settled && Object.fromEntries(settled.spent),
  };
}

import type { CreditBlockData } from '@licet/api-types';
import {
  type CreditBlock,
  type CreditBlockId,
  type CreditSource,
  type CustomerId,
  formatInstant,
  instant,
  parseFeatureKey,
} from '@licet/domain';
import type { Column } from './columns.js';

/** A block and whose it is. */
export interface OwnedBlock {
  readonly block: CreditBlock;
  readonly customerId: CustomerId;
}

/** A row of `credit_block`; written only from a domain value. */
export interface CreditBlockRow {
  readonly id: CreditBlockId;
  readonly customer_id: CustomerId;
  readonly feature: string;
  readonly quantity: number;
  readonly remaining: number;
  readonly held: number;
  readonly priority: number;
  readonly expires_at: Date | null;
  readonly source: CreditSource | null;
  readonly status: CreditBlock['status'];
  readonly created_at: Date;
}

export const CREDIT_BLOCK_COLUMNS =
  'b.id, b.customer_id, b.feature, b.quantity, b.remaining, b.held, b.priority, b.expires_at, b.source, b.status, b.created_at';

export function blockFromRow(row: CreditBlockRow): CreditBlock {
  const feature = parseFeatureKey(row.feature);
  if (feature === null) throw new Error(`the database holds a feature key that is none: ${row.feature}`);
  return {
    id: row.id,
    feature,
    quantity: row.quantity,
    remaining: row.remaining,
    held: row.held,
    priority: row.priority,
    expiresAt: row.expires_at && instant(row.expires_at.getTime()),
    createdAt: instant(row.created_at.getTime()),
    source: row.source,
    status: row.status,
  };
}

export const CREDIT_BLOCK_ROW: readonly Column<OwnedBlock>[] = [
  { name: 'id', type: 'text', of: ({ block }) => block.id },
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'feature', type: 'text', of: ({ block }) => block.feature },
  { name: 'quantity', type: 'bigint', of: ({ block }) => block.quantity },
  { name: 'remaining', type: 'bigint', of: ({ block }) => block.remaining },
  { name: 'held', type: 'bigint', of: ({ block }) => block.held },
  { name: 'priority', type: 'int', of: ({ block }) => block.priority },
  { name: 'expires_at', type: 'timestamptz', of: ({ block }) => block.expiresAt },
  { name: 'source', type: 'jsonb', of: ({ block }) => block.source ?? undefined },
  { name: 'status', type: 'text', of: ({ block }) => block.status },
  { name: 'created_at', type: 'timestamptz', of: ({ block }) => block.createdAt },
];

/** What events say of a block: no customer id, which erasure would have to find. */
export function blockToJson(block: CreditBlock): CreditBlockData {
  const { id, feature, quantity, remaining, held, priority, source, status } = block;
  return {
    id,
    feature,
    quantity,
    remaining,
    held,
    priority,
    source,
    status,
    expiresAt: block.expiresAt === null ? null : formatInstant(block.expiresAt),
    createdAt: formatInstant(block.createdAt),
  };
}

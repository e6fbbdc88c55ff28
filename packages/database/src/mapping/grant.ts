import type { GrantData } from '@licet/api-types';
import {
  type CustomerId,
  formatInstant,
  givenValue,
  type Grant,
  type GrantGiven,
  type GrantId,
  type Instant,
  instant,
  parseFeatureKey,
} from '@licet/domain';
import type { Actor } from '../event-log/append.js';
import type { Column } from './columns.js';

/** A grant with what only the database knows of it. */
export interface StoredGrant {
  readonly grant: Grant;
  readonly customerId: CustomerId;
  readonly grantedBy: Actor;
  readonly createdAt: Instant;
}

/** A row of `entitlement_grant`; written only from a domain value. */
export interface GrantRow {
  readonly id: GrantId;
  readonly customer_id: CustomerId;
  readonly feature: string;
  readonly given: GrantGiven;
  readonly status: Grant['status'];
  readonly reason: string;
  readonly granted_by: Actor;
  readonly starts_at: Date;
  readonly expires_at: Date | null;
  readonly created_at: Date;
}

export function grantFromRow(row: GrantRow): Grant {
  const feature = parseFeatureKey(row.feature);
  if (feature === null) throw new Error(`the database holds a feature key that is none: ${row.feature}`);
  return {
    id: row.id,
    feature,
    effect: row.given,
    status: row.status,
    reason: row.reason,
    startsAt: instant(row.starts_at.getTime()),
    expiresAt: row.expires_at === null ? null : instant(row.expires_at.getTime()),
  };
}

export function storedGrantFromRow(row: GrantRow): StoredGrant {
  return {
    grant: grantFromRow(row),
    customerId: row.customer_id,
    grantedBy: row.granted_by,
    createdAt: instant(row.created_at.getTime()),
  };
}

export const GRANT_ROW: readonly Column<StoredGrant>[] = [
  { name: 'id', type: 'text', of: ({ grant }) => grant.id },
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'feature', type: 'text', of: ({ grant }) => grant.feature },
  { name: 'given', type: 'jsonb', of: ({ grant }) => grant.effect },
  { name: 'status', type: 'text', of: ({ grant }) => grant.status },
  { name: 'reason', type: 'text', of: ({ grant }) => grant.reason },
  { name: 'granted_by', type: 'jsonb', of: ({ grantedBy }) => grantedBy },
  { name: 'starts_at', type: 'timestamptz', of: ({ grant }) => grant.startsAt },
  { name: 'expires_at', type: 'timestamptz', of: ({ grant }) => grant.expiresAt },
  { name: 'created_at', type: 'timestamptz', of: ({ createdAt }) => createdAt },
];

/** What events say of a grant: no customer id, which erasure would have to find. */
export function grantToJson({ id, feature, effect, status, reason, startsAt, expiresAt }: Grant): GrantData {
  return {
    id,
    feature,
    effect: effect.kind,
    value: givenValue(effect),
    status,
    reason,
    startsAt: formatInstant(startsAt),
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
  };
}

import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor } from '../event-log/append.js';

@Entity({ name: 'api_key' })
export class ApiKeyEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  role!: string;

  @Column({ type: 'text', array: true })
  operations!: string[];

  @Column({ name: 'customer_ids', type: 'text', array: true })
  customerIds!: string[];

  /** First characters of the key. */
  @Column({ type: 'text' })
  hint!: string;

  @Column({ name: 'created_by', type: 'jsonb' })
  createdBy!: Actor;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}

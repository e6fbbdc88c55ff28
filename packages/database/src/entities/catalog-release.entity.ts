import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor } from '../event-log/append.js';

@Entity({ name: 'catalog_release' })
export class CatalogReleaseEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @PrimaryColumn({ type: 'int' })
  number!: number;

  /** The release that was live when this one was drafted. */
  @Column({ type: 'int', nullable: true })
  base!: number | null;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'jsonb' })
  document!: Record<string, unknown>;

  @Column({ type: 'text' })
  checksum!: string;

  @Column({ type: 'text', nullable: true })
  comment!: string | null;

  @Column({ name: 'created_by', type: 'jsonb' })
  createdBy!: Actor;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'published_at', type: 'timestamptz', nullable: true })
  publishedAt!: Date | null;
}

import type { CustomerId, TenantId } from '@licet/domain';
import type { NewEvent } from './append.js';
import type { Revision } from './revision.js';

/** What keeps something in memory that this process's own writes move. Called at once; must not throw. */
export interface CommitListener {
  /** `revision`: of the last of the events. */
  committed(tenantId: TenantId, revision: Revision, events: readonly NewEvent[]): void;
  /** A customer's write was answered that another commit, maybe of another process, had made at `revision` or before. */
  answered(tenantId: TenantId, revision: Revision, customerId: CustomerId): void;
}

/**
 * Tells, before a write is answered, what this process has committed: who asks next must not wait for the log to come back.
 * Other processes hear of it by the log alone.
 */
export class Commits implements CommitListener {
  readonly #listeners = new Set<CommitListener>();

  /** Returns what ends it. */
  listen(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  committed(tenantId: TenantId, revision: Revision, events: readonly NewEvent[]): void {
    for (const listener of this.#listeners) listener.committed(tenantId, revision, events);
  }

  answered(tenantId: TenantId, revision: Revision, customerId: CustomerId): void {
    for (const listener of this.#listeners) listener.answered(tenantId, revision, customerId);
  }
}

import type { TenantId } from '@licet/domain';
import { ApiError } from '../../errors/api-error.js';

/** How many streams may be open at once over one gateway. */
export interface StreamLimits {
  readonly ofTenant: number;
  readonly inAll: number;
}

/** Of one tenant as many as a socket server holds in practice, so that nobody can take all. */
export const STREAM_LIMITS: StreamLimits = { ofTenant: 5000, inAll: 20_000 };

/** Counts the streams that are open. */
export class StreamPlaces {
  readonly #ofTenant = new Map<TenantId, number>();
  #inAll = 0;

  constructor(private readonly limits: StreamLimits) {}

  /** Takes a place, RATE_LIMITED where there is none; returns what gives it back, once. */
  take(tenantId: TenantId): () => void {
    const own = this.#ofTenant.get(tenantId) ?? 0;
    if (own >= this.limits.ofTenant || this.#inAll >= this.limits.inAll)
      throw new ApiError(
        'RATE_LIMITED',
        'as many event streams are open as may be; close some, or come again later and fetch without a stream meanwhile',
      );
    this.#ofTenant.set(tenantId, own + 1);
    this.#inAll += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#inAll -= 1;
      const left = (this.#ofTenant.get(tenantId) ?? 1) - 1;
      if (left === 0) this.#ofTenant.delete(tenantId);
      else this.#ofTenant.set(tenantId, left);
    };
  }
}

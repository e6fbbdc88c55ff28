import type { Instant, Snapshot } from '@licet/domain/offline';
import type { JWK } from 'jose';

/** What a client decides on. */
export interface Held {
  readonly snapshot: Snapshot;
  readonly token: string;
  readonly keys: readonly JWK[];
  readonly etag: string | null;
  /** KEPT: by an earlier process, and nobody has confirmed it since. */
  readonly from: 'GATEWAY' | 'KEPT';
  /** When the gateway last said that it is current. */
  readonly confirmedAt: Instant;
  /** One with a higher counter has been seen, or nothing tells that none has: it counts as none, but for what fails open. */
  readonly isDoubtful: boolean;
}

import type { CustomerId } from '@licet/domain';
import { keyConflict } from '../repositories/operations.js';
import type { MeterKey } from '../repositories/meters.js';
import type { Refused } from '../result.js';
import type { KeptOperation } from './operations.js';
import { type Asked, type KeptVerdict, settles } from './request.js';
import { settledOtherwise } from './settlement.js';

/** What has to be done in another transaction before a request can be decided. */
export type Obstacle =
  | { readonly kind: 'METER_MISSING'; readonly key: MeterKey }
  | { readonly kind: 'TIME_HAS_COME'; readonly customerId: CustomerId }
  /** It comes after one that waits, and shares its counter or its key. */
  | { readonly kind: 'BEHIND_ANOTHER' };

/** `entryId`: of the batch's event, null where nothing was written. */
export type Answer =
  | Refused
  | {
      readonly ok: true;
      readonly verdict: KeptVerdict;
      readonly replayed: boolean;
      readonly entryId: string | null;
    }
  | { readonly ok: null; readonly obstacle: Obstacle };

/** The answer to a request whose key stands under an operation that was written before. */
export function keptAnswer(kept: KeptOperation, asked: Asked): Answer {
  if (kept.verdict === null) return keyConflict('idempotencyKey');
  const answer = { ok: true as const, verdict: kept.verdict, replayed: true, entryId: kept.entryId };
  return replayOf(kept.hash === asked.hash, asked, answer);
}

/** The answer once more; `same`: whether it was to the same request. */
export function replayOf(same: boolean, { request }: Asked, answer: Answer): Answer {
  if (!same) return settles(request) ? settledOtherwise(request) : keyConflict('idempotencyKey');
  return answer.ok === true ? { ...answer, replayed: true } : answer;
}

import { addBlock } from '../../credits/change-blocks.js';
import { creditLimit, isPrepaid } from '../../credits/credit-block.js';
import { parseCreditBlockId } from '../../ids.js';
import { type Candidate, type Denied, remedyOf } from './attempt.js';

/** So many units of a prepaid feature that what was asked for fits. */
export function* addedCredits({ account, feature, request, now }: Denied): Iterable<Candidate> {
  if (!isPrepaid(feature)) return;
  const meter = account.meters.get(feature.key);
  const taken = (meter?.used ?? 0) + (meter?.reserved ?? 0);
  const missing = request.quantity + taken - creditLimit(account, feature.key);
  const quantity = Math.max(1, missing);
  const id = parseCreditBlockId('blk_remedy');
  if (id === null || !Number.isSafeInteger(quantity)) return;
  const block = {
    ...{ id, feature: feature.key, quantity, remaining: quantity, held: 0, priority: 0 },
    ...{ expiresAt: null, createdAt: now, source: null, status: 'LIVE' as const },
  };
  const message = `add ${String(quantity)} credits of \`${feature.key}\` by addCredits`;
  yield { remedy: remedyOf('ADD_CREDITS', message, { quantity }), account: addBlock(account, block).account };
}

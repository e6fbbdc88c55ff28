import { createHash, randomUUID } from 'node:crypto';
import {
  type CustomerAccount,
  type FeatureKey,
  formatInstant,
  isPrepaid,
  type Release,
  withOneEnd,
} from '@licet/domain';
import type { Caller, NewEvent } from '../event-log/append.js';
import type { Done } from './customer-command.js';

/** Operations that stand behind it: none, because budgets are settled with their file. */
const NO_OPERATIONS = createHash('sha256').digest('hex');

/**
 * What a file's budgets and its seat have made of their counters, as the spends of a batch are told: caches, and whoever reads the past, take
 * the absolute values. None where no counter has moved.
 */
export function fileCounters(
  { actor, requestId }: Caller,
  { before, account, clock }: Done,
  release: Release,
  features: Iterable<FeatureKey>,
): NewEvent[] {
  const { subject } = before.row;
  const known = new Set(before.written.blocks);
  const meters = [...new Set(features)].flatMap((feature) => {
    const meter = account.meters.get(feature);
    const stored = release.catalog.features.get(feature);
    if (meter === undefined || meter === before.written.meters.get(feature)) return [];
    const { used, reserved, freesAt, overdrawn } = meter;
    const blocks = account.blocks.filter((block) => block.feature === feature && !known.has(block));
    return [
      {
        ...{ subject, feature, used, reserved, version: (before.meterVersions.get(feature) ?? 0) + 1 },
        ...(freesAt === null ? {} : { freesAt: formatInstant(freesAt) }),
        ...(stored !== undefined && isPrepaid(stored)
          ? { overdrawn, blocks: blocks.map(({ id, remaining, held }) => ({ id, remaining, held })) }
          : {}),
        ...(stored?.type === 'SEATS' ? { seats: movedEnds(before.written, account, feature) } : {}),
      },
    ];
  });
  if (meters.length === 0) return [];
  const data = { meters, actors: [actor], operations: 0, operationsHash: NO_OPERATIONS };
  const entryId = randomUUID();
  return [
    {
      ...{ type: 'usage.recorded', subjectType: 'usage', subjectId: entryId, customer: null, entryId },
      ...{ actor, reason: null, requestId, at: clock, recordedAt: clock, data, listed: false },
    },
  ];
}

/** Of seats that are held as before, but to another end. */
function movedEnds(before: CustomerAccount, { seats }: CustomerAccount, feature: FeatureKey): object[] {
  const ends = new Map(before.seats.map((seat) => [seat.id, withOneEnd(seat).leaseExpiresAt]));
  return seats.flatMap((seat) => {
    const { id, leaseExpiresAt } = withOneEnd(seat);
    const end = ends.get(id) ?? null;
    if (seat.feature !== feature || leaseExpiresAt === null || end === null || end === leaseExpiresAt)
      return [];
    return [{ id, leaseExpiresAt: formatInstant(leaseExpiresAt) }];
  });
}

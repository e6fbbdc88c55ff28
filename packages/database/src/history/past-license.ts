import type { LicenseData } from '@licet/api-types';
import {
  type CustomerId,
  type Instant,
  type License,
  type LicenseTerm,
  parseFeatureKey,
  parseInstant,
  parseLicenseId,
  type PlanVersion,
} from '@licet/domain';

/** A licence as an event holds it: enough to decide on it, at the event's own time. Null: it cannot be told. */
export function pastLicense(
  data: LicenseData,
  customerId: CustomerId,
  lookup: (plan: string, version: number) => PlanVersion | null,
): License | null {
  const id = parseLicenseId(data.id);
  const planVersion = lookup(data.plan, data.planVersion);
  const startsAt = parseInstant(data.startsAt);
  const term = termOf(data);
  if (id === null || planVersion === null || startsAt === null || term === null) return null;
  const since = maybeInstant(data.standingSince);
  const quantities = Object.entries(data.quantities).flatMap(([text, quantity]) => {
    const key = parseFeatureKey(text);
    return key === null ? [] : [[key, quantity] as const];
  });
  return {
    ...{ id, customerId, planVersion, startsAt, term },
    keyHint: data.keyHint,
    keyDigest: '',
    quantities: new Map(quantities),
    expiresAt: maybeInstant(data.expiresAt),
    maintenanceUntil: maybeInstant(data.maintenanceUntil),
    machineLimit: data.machineLimit,
    standing: since === null ? { kind: 'GOOD' } : { kind: standingOf(data), since },
    creditsGiven: new Map(),
  };
}

function termOf({ term, graceEndsAt, endedAt }: LicenseData): LicenseTerm | null {
  const [graceEnd, end] = [maybeInstant(graceEndsAt), maybeInstant(endedAt)];
  switch (term) {
    case 'SCHEDULED':
    case 'ACTIVE':
      return { phase: term };
    case 'GRACE':
      return graceEnd && { phase: term, graceEndsAt: graceEnd };
    case 'EXPIRED':
      return end && { phase: term, endedAt: end };
    default:
      return null;
  }
}

function standingOf({ status }: LicenseData): 'SUSPENDED' | 'REVOKED' {
  return status === 'REVOKED' ? 'REVOKED' : 'SUSPENDED';
}

function maybeInstant(text: string | null): Instant | null {
  return text === null ? null : parseInstant(text);
}

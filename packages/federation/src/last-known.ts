import { LRUCache } from 'lru-cache';
import type { CheckInput, Decision } from '@licet/api-types';
import { outOfReach } from './errors.js';
import type { KnownFeature } from './gateway-client.js';
import type { KnownFeatures } from './known-features.js';
import type { GuardDecision, Subject } from './options.js';

/** What is decided while the gateway is out of reach: what each feature says. */
export class LastKnown {
  private readonly decisions: LRUCache<string, Decision>;

  constructor(
    private readonly features: Pick<KnownFeatures, 'find'>,
    decisionsKept: number,
  ) {
    this.decisions = new LRUCache({ max: decisionsKept });
  }

  /** Keeps what the gateway has decided, where the feature's last decision counts later. */
  keep(input: CheckInput, decision: Decision): void {
    const feature = this.features.find(input.feature);
    if (feature?.whenUnknown === 'LAST_KNOWN') this.decisions.set(nameOf(input), decision);
  }

  /** What stands instead of the gateway's decision at `now` (milliseconds). */
  instead(input: CheckInput, subject: Subject, now: number): GuardDecision {
    const feature = this.features.find(input.feature);
    switch (feature?.whenUnknown) {
      case 'OPEN':
        return outOfReach(input.feature, subject, true);
      case 'LAST_KNOWN': {
        const known = this.decisions.get(nameOf(input));
        return known && isGood(known, feature, now)
          ? { ...known, stale: true }
          : outOfReach(input.feature, subject, false);
      }
      case 'CLOSED':
      case undefined:
        return outOfReach(input.feature, subject, false);
    }
  }
}

/** Neither too old, nor overtaken by a boundary in time. */
function isGood({ asOf, validUntil }: Decision, { lastKnownFor }: KnownFeature, now: number): boolean {
  if (validUntil !== null && Date.parse(validUntil) <= now) return false;
  return now - Date.parse(asOf) < millisecondsOf(lastKnownFor ?? 'PT0S');
}

const DURATION =
  /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/;
/** Years and months are reckoned at their shortest: nothing is then believed for too long. */
const SECONDS = [365 * 86_400, 28 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1];

function millisecondsOf(duration: string): number {
  const [, ...parts] = DURATION.exec(duration) ?? [];
  return parts.reduce((sum, part, index) => sum + Number(part || 0) * (SECONDS[index] ?? 0) * 1000, 0);
}

function nameOf({ customerId, feature, quantity, memberId, context }: CheckInput): string {
  return JSON.stringify([customerId, feature, quantity, memberId ?? null, context ?? null]);
}

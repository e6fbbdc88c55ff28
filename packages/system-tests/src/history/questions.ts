import type { Account } from '../model/account.js';
import { FINGERPRINTS } from './actions/machine-actions.js';
import { MEMBERS } from './actions/seat-actions.js';
import { type FeatureKey, versionOf } from '../model/features.js';

/** A check of its own, beside the set of entitlements; its fields are those of the API. */
export interface Question {
  readonly feature: FeatureKey;
  readonly productVersion?: string;
  readonly memberId?: string;
  readonly fingerprint?: string;
}

/** What is asked after each step: of some members, and of versions that came out before, lately, and at a time that nobody knows. */
export function questionsOf(account: Account): Question[] {
  return [...versionQuestions(account), ...memberQuestions(account), ...machineQuestions(account)];
}

function memberQuestions({ seats }: Account): Question[] {
  if (seats.length === 0) return [];
  return [
    { feature: 'editors', memberId: MEMBERS[0] },
    { feature: 'viewers', memberId: MEMBERS[0] },
    { feature: 'rendering', memberId: MEMBERS[0] },
    { feature: 'rendering', memberId: MEMBERS[1] },
  ];
}

function machineQuestions({ licenses }: Account): Question[] {
  if (licenses.every(({ machines }) => machines.length === 0)) return [];
  return [
    { feature: 'desktop', fingerprint: FINGERPRINTS[0] },
    { feature: 'projects', fingerprint: FINGERPRINTS[1] },
  ];
}

function versionQuestions({ licenses, now }: Account): Question[] {
  if (licenses.length === 0) return [];
  const year = new Date(now).getUTCFullYear();
  return [
    { feature: 'desktop', productVersion: versionOf(year - 1) },
    { feature: 'desktop', productVersion: versionOf(year) },
    { feature: 'desktop', productVersion: 'unheard of' },
    { feature: 'projects', productVersion: versionOf(year) },
  ];
}

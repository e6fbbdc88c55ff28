import {
  denyByLicense,
  type Instant,
  type MachineIdentity,
  type TenantId,
  type Validation,
} from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { type DecisionStamp, type DecisionType, toDecision } from '../check/decision-type.js';
import { allRecorded } from '../decision/recorded.js';

/** A validation as it goes on record. The key that was shown does not: the licence's id stands for it. */
export interface Validated {
  readonly tenantId: TenantId;
  readonly validation: Validation;
  /** Of the licence's customer; empty where the key opened nothing. */
  readonly customerId: string;
  /** Null: the key opened nothing. */
  readonly licenseId: string | null;
  readonly productVersion: string | null;
  readonly memberId: string | null;
  /** Components as their hashes. */
  readonly machine: MachineIdentity;
  readonly now: Instant;
  readonly stamp: DecisionStamp;
  /** As they were decided, whatever of them is told. */
  readonly decisions: readonly DecisionType[];
}

/** One record of the validation itself, which is of no feature (its name is empty), and one of each feature that was asked about. */
export function validationRecorded<T>(context: GatewayContext, validated: Validated, answer: T): Promise<T> {
  const { tenantId, licenseId, productVersion, memberId, machine, now, decisions } = validated;
  const { fingerprint, components } = machine;
  const asked = { licenseId, memberId, productVersion, fingerprint, components };
  const attempts = [ofLicense(validated), ...decisions].map((decision) => {
    const input = { ...asked, features: decision.feature === '' ? [] : [decision.feature] };
    return { operation: 'validateLicense', tenantId, input, at: now, decision };
  });
  return allRecorded(context, attempts, answer);
}

function ofLicense({ validation, customerId, stamp }: Validated): DecisionType {
  const { valid, code, message, license } = validation;
  const nothingCounted = toDecision(denyByLicense('UNKNOWN_LICENSE', customerId, ''), stamp);
  const sources = license && [
    { kind: 'LICENSE', id: license.id, key: license.planVersion.plan.key } as const,
  ];
  return { ...nothingCounted, allowed: valid, code, message, sources: sources ?? [] };
}

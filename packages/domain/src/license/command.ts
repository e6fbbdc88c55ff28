import type { FeatureKey, LicenseId, PlanKey } from '../ids.js';
import type { Instant } from '../time/instant.js';

/** What a caller may ask of a customer's licences. Ids and keys are made by the caller: the rules hold no chance. */
export type LicenseCommand =
  | {
      readonly kind: 'issueLicense';
      readonly licenseId: LicenseId;
      readonly keyHint: string;
      readonly keyDigest: string;
      readonly plan: PlanKey;
      /** Null: now. */
      readonly startsAt: Instant | null;
      /** Null: by the plan's period; of a perpetual plan: never. */
      readonly expiresAt: Instant | null;
      /** Null: by the plan's maintenance. */
      readonly maintenanceUntil: Instant | null;
      readonly quantities: ReadonlyMap<FeatureKey, number>;
      /** Null: the plan's. */
      readonly machineLimit: number | null;
    }
  | {
      readonly kind: 'renewLicense';
      readonly licenseId: LicenseId;
      /** Null: as it is; where nothing at all is named, by the plan from their present ends. */
      readonly expiresAt: Instant | null;
      readonly maintenanceUntil: Instant | null;
      /** Null: as they are. */
      readonly quantities: ReadonlyMap<FeatureKey, number> | null;
      /** Null: the plan's. Left out: as it is. */
      readonly machineLimit?: number | null;
    }
  | { readonly kind: 'suspendLicense' | 'reinstateLicense' | 'revokeLicense'; readonly licenseId: LicenseId }
  | {
      readonly kind: 'rotateLicenseKey';
      readonly licenseId: LicenseId;
      readonly keyHint: string;
      readonly keyDigest: string;
    };

export type LicenseVerb = Exclude<LicenseCommand['kind'], 'issueLicense'>;

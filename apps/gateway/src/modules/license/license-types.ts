import { Directive, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  boughtOf,
  type CustomerId,
  type Instant,
  type License,
  type LicenseId,
  licenseStatus,
  type LicenseStatus,
  machineLimitOf,
  type PlanModel,
  type PlanVersion,
  type Release,
} from '@licet/domain';
import { DateTime, RevisionScalar } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { connectionTypes } from '../connection/connection-types.js';
import { LicenseModelEnum } from '../plan/plan-types.js';
import { FeatureQuantityInput } from '../subscription/subscription-inputs.js';
import { FeatureQuantityType } from '../subscription/subscription-types.js';

const LicenseStatusEnum = {
  SCHEDULED: 'SCHEDULED',
  ACTIVE: 'ACTIVE',
  GRACE: 'GRACE',
  EXPIRED: 'EXPIRED',
  SUSPENDED: 'SUSPENDED',
  REVOKED: 'REVOKED',
} as const satisfies Record<LicenseStatus, LicenseStatus>;
registerEnumType(LicenseStatusEnum, { name: 'LicenseStatus', description: 'REVOKED is final.' });

/** `customer`, `plan` and `planVersion` are fields of LicenseResolver. */
@Directive('@key(fields: "id")')
@Directive(FOR_ROUTERS)
@ObjectType('License', { simpleResolvers: true })
export class LicenseType {
  @Field(() => ID)
  id!: LicenseId;
  readonly customerId!: CustomerId;
  readonly sold!: PlanVersion;
  /** The release that plans are shown by; left out: the request's. */
  readonly release?: Release;
  @Field(() => LicenseModelEnum)
  model!: PlanModel;
  @Field(() => LicenseStatusEnum)
  status!: LicenseStatus;
  @Field(() => String, {
    description: 'First characters of the key; the key itself is shown once, when issued or rotated.',
  })
  keyHint!: string;
  @Field(() => DateTime)
  startsAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  expiresAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  maintenanceUntil!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  graceEndsAt!: Instant | null;
  @Field(() => [FeatureQuantityType])
  quantities!: FeatureQuantityType[];
  @Field(() => Int, { nullable: true, description: 'Null where it is not bound to machines.' })
  machineLimit!: number | null;
}

export const LicenseConnectionType = connectionTypes('License', LicenseType, { counted: true });

@ObjectType('LicenseResult', { simpleResolvers: true })
export class LicenseResultType {
  @Field(() => LicenseType)
  license!: LicenseType;
  @Field(() => String, {
    nullable: true,
    description:
      'The full key, only when it was issued or rotated by this very call; rotate again if that answer was lost.',
  })
  key!: string | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('IssueLicenseInput')
export class IssueLicenseInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  plan!: string;
  @Field(() => DateTime, { nullable: true })
  startsAt?: Instant | null;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: Instant | null;
  @Field(() => DateTime, { nullable: true })
  maintenanceUntil?: Instant | null;
  @Field(() => [FeatureQuantityInput], { nullable: true })
  quantities?: FeatureQuantityInput[] | null;
  @Field(() => Int, { nullable: true })
  machineLimit?: number | null;
  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('RenewLicenseInput', {
  description:
    "By the plan's period, or maintenance, from the present end, where no time is given. Quantities or a machineLimit without a time change just these, and renew nothing.",
})
export class RenewLicenseInput {
  @Field(() => ID)
  licenseId!: string;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: Instant | null;
  @Field(() => DateTime, { nullable: true })
  maintenanceUntil?: Instant | null;
  @Field(() => [FeatureQuantityInput], { nullable: true })
  quantities?: FeatureQuantityInput[] | null;
  @Field(() => Int, { nullable: true })
  machineLimit?: number | null;
  @Field(() => String)
  idempotencyKey!: string;
}

/** `release`: see `LicenseType`. */
export function toLicense(license: License, release?: Release): LicenseType {
  const { id, customerId, planVersion, keyHint, startsAt, expiresAt, maintenanceUntil, term } = license;
  return {
    ...{ id, customerId, keyHint, startsAt, expiresAt, maintenanceUntil },
    sold: planVersion,
    ...(release === undefined ? {} : { release }),
    model: planVersion.plan.model,
    status: licenseStatus(license),
    graceEndsAt: term.phase === 'GRACE' ? term.graceEndsAt : null,
    quantities: [...boughtOf(license)].map(([feature, quantity]) => ({ feature, quantity })),
    machineLimit: machineLimitOf(license),
  };
}

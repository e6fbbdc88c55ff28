import type { StoredFile } from '@licet/database';
import type { Instant, IsoDuration } from '@licet/domain';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTime, Duration, RevisionScalar } from '../../scalars/index.js';
import { DecisionType } from '../check/decision-type.js';
import { FeatureQuantityInput } from '../subscription/subscription-inputs.js';

@ObjectType('LicenseFile', {
  simpleResolvers: true,
  description:
    "A licence for a machine that never sees the network. Counts against the licence's cap until it expires or is settled.",
})
export class LicenseFileType {
  @Field(() => ID)
  id!: string;
  @Field(() => ID)
  licenseId!: string;
  @Field(() => String)
  fingerprint!: string;
  @Field(() => String, { description: 'A compact JWS (EdDSA), keys at /.well-known/jwks.json.' })
  token!: string;
  @Field(() => DateTime)
  issuedAt!: Instant;
  @Field(() => DateTime, { description: 'Never after the end of the licence, its grace included.' })
  expiresAt!: Instant;
}

@ObjectType('LicenseFileResult', { simpleResolvers: true })
export class LicenseFileResultType {
  @Field(() => DecisionType, {
    description:
      "About no feature: `feature` is empty, `limit`, `used` and `remaining` count the licence's files that are out. What its machines or seats refuse they say themselves.",
  })
  decision!: DecisionType;
  @Field(() => LicenseFileType, { nullable: true, description: 'Null where the decision denies.' })
  file!: LicenseFileType | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@ObjectType('SignedRevocationList', {
  simpleResolvers: true,
  description: 'Signed and dated; to be carried to machines that never see the network.',
})
export class SignedRevocationListType {
  @Field(() => String, { description: 'A compact JWS (EdDSA), keys at /.well-known/jwks.json.' })
  token!: string;
  @Field(() => DateTime)
  issuedAt!: Instant;
}

@InputType('IssueLicenseFileInput', {
  description:
    "`budgets`: units that the machine may spend. `memberId`: borrows that member's seat. `request`: the file that an air-gapped machine made, instead of fingerprint.",
})
export class IssueLicenseFileInput {
  @Field(() => ID)
  licenseId!: string;
  @Field(() => String, { nullable: true, description: '1 to 255 characters.' })
  fingerprint?: string | null;
  @Field(() => String, { nullable: true })
  request?: string | null;
  @Field(() => Duration, { description: 'A second to 366 days; ends with the licence at the latest.' })
  validFor!: IsoDuration;
  @Field(() => [FeatureQuantityInput], { nullable: true })
  budgets?: FeatureQuantityInput[] | null;
  @Field(() => String, { nullable: true, description: 'Of which feature the seat is; goes with `memberId`.' })
  seatFeature?: string | null;
  @Field(() => ID, { nullable: true })
  memberId?: string | null;
  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('SettleLicenseFileInput')
export class SettleLicenseFileInput {
  @Field(() => ID)
  fileId!: string;
  @Field(() => [FeatureQuantityInput], { description: 'What is not named was not spent.' })
  spent!: FeatureQuantityInput[];
}

export function toLicenseFile({ file, token }: StoredFile): LicenseFileType {
  const { id, licenseId, fingerprint, issuedAt, expiresAt } = file;
  return { id, licenseId, fingerprint, token, issuedAt, expiresAt };
}

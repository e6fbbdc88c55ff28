import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Instant } from '@licet/domain';
import { DateTime, RevisionScalar } from '../../scalars/index.js';
import { DecisionCodeEnum, type DecisionCodeName } from '../check/decision-code.js';
import { DecisionType } from '../check/decision-type.js';
import { LicenseType } from './license-types.js';

@InputType('ValidateLicenseInput', {
  description:
    'Whether a licence key is good here and now: the one call that a shipped application makes at start. The key is its own credential; no API key is needed.',
})
export class ValidateLicenseInput {
  @Field(() => String)
  key!: string;
  @Field(() => String, { nullable: true })
  fingerprint?: string | null;
  @Field(() => [String], { nullable: true })
  components?: string[] | null;
  @Field(() => String, { nullable: true })
  productVersion?: string | null;
  @Field(() => [String], { nullable: true })
  features?: string[] | null;
  @Field(() => String, { nullable: true })
  nonce?: string | null;
  @Field(() => ID, {
    nullable: true,
    description: 'The person asking, for features that are or need a seat.',
  })
  memberId?: string | null;
  @Field(() => RevisionScalar, { nullable: true, description: 'Answer from a state at least this recent.' })
  atLeast?: string | null;
}

@ObjectType('LicenseValidation', { simpleResolvers: true })
export class LicenseValidationType {
  @Field(() => Boolean)
  valid!: boolean;
  @Field(() => DecisionCodeEnum)
  code!: DecisionCodeName;
  @Field(() => String)
  message!: string;
  @Field(() => LicenseType, { nullable: true })
  license!: LicenseType | null;
  @Field(() => [DecisionType], { description: 'One for each feature asked for.' })
  decisions!: DecisionType[];
  @Field(() => DateTime, { description: 'When the state was last known to be current.' })
  asOf!: Instant;
  @Field(() => Boolean)
  stale!: boolean;
  @Field(() => String, {
    description:
      'Compact JWS (EdDSA) of valid, code, licence, expiry, decisions and nonce, so that a shipped application can tell the real gateway from a fake.',
  })
  token!: string;
}

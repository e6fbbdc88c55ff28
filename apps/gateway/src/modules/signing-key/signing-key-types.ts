import type { SigningKey, SigningKeyStatus } from '@licet/database';
import type { Instant } from '@licet/domain';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { DateTime, JsonObjectScalar, RevisionScalar, type JsonObject } from '../../scalars/index.js';

const SigningKeyStatusEnum = {
  ACTIVE: 'ACTIVE',
  RETIRING: 'RETIRING',
  RETIRED: 'RETIRED',
} as const satisfies Record<SigningKeyStatus, SigningKeyStatus>;
registerEnumType(SigningKeyStatusEnum, {
  name: 'SigningKeyStatus',
  description:
    'ACTIVE: the newest. RETIRING: another follows it; it verifies until `retiresAt`. RETIRED: nothing is to be trusted for it any more.',
});

@ObjectType('SigningKey', { simpleResolvers: true })
export class SigningKeyType {
  @Field(() => ID, { description: 'The thumbprint of the public key (RFC 7638).' })
  kid!: string;
  @Field(() => SigningKeyStatusEnum)
  status!: SigningKeyStatus;
  @Field(() => JsonObjectScalar, { description: 'A JWK (RFC 8037), as in `/.well-known/jwks.json`.' })
  publicKey!: JsonObject;
  @Field(() => DateTime)
  createdAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  retiresAt!: Instant | null;
}

export function toSigningKeyType(key: SigningKey): SigningKeyType {
  return { ...key, publicKey: { ...key.publicKey } };
}

@ObjectType('SigningKeyResult', { simpleResolvers: true })
export class SigningKeyResultType {
  @Field(() => SigningKeyType)
  key!: SigningKeyType;
  @Field(() => RevisionScalar)
  revision!: string;
}

import type { Revision } from '@licet/database';
import type { CustomerId, Instant } from '@licet/domain';
import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime, RevisionScalar } from '../../scalars/index.js';

@ObjectType('SignedSnapshot', {
  simpleResolvers: true,
  description:
    "All that is needed to decide without the gateway: a compact JWS (EdDSA), keys at /.well-known/jwks.json. Fresh until refreshAfter, stale until graceFrom, in grace until expiresAt (the token's `exp`), then worth nothing.",
})
export class SignedSnapshotType {
  @Field(() => ID)
  customerId!: CustomerId;
  @Field(() => RevisionScalar)
  revision!: Revision;
  @Field(() => String)
  token!: string;
  @Field(() => DateTime)
  refreshAfter!: Instant;
  @Field(() => DateTime)
  graceFrom!: Instant;
  @Field(() => DateTime)
  expiresAt!: Instant;
}

import { rotateSigningKey, signingKeys } from '@licet/database';
import { type IsoDuration, parseDuration } from '@licet/domain';
import { Arg, Authorized, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import { Duration } from '../../scalars/index.js';
import { parseIdempotencyKey } from '../arguments.js';
import { SigningKeyResultType, SigningKeyType, toSigningKeyType } from './signing-key-types.js';

const FOR_ALL = 'signing keys are for all of them';

@Resolver()
export class SigningKeyResolver {
  @Authorized('READER')
  @Query(() => [SigningKeyType], { description: 'Newest first, 100 at most.' })
  async signingKeys(@Ctx() { db, access }: GatewayContext): Promise<SigningKeyType[]> {
    access.requireEveryCustomer(FOR_ALL);
    return (await signingKeys(db, access.tenantId)).map(toSigningKeyType);
  }

  @Authorized('ADMIN')
  @Mutation(() => SigningKeyResultType, {
    description:
      'The old key goes on verifying, and signs until `overlap` is over: a day where nothing is said, 90 days at most, whenever it begins: not `P3M`.',
  })
  async rotateSigningKey(
    @Arg('overlap', () => Duration, { nullable: true }) overlap: IsoDuration | null | undefined,
    @Arg('idempotencyKey', () => String) key: string,
    @Ctx() context: GatewayContext,
  ): Promise<SigningKeyResultType> {
    const { db, caller, access } = context;
    access.requireEveryCustomer(FOR_ALL);
    const wanted = {
      overlap: overlap ?? A_DAY,
      idempotencyKey: parseIdempotencyKey('idempotencyKey', key),
    };
    const { key: made, revision } = granted(await rotateSigningKey(db, caller, wanted), '');
    context.forgetSigningKeys();
    return { key: toSigningKeyType(made), revision };
  }
}

const A_DAY = aDay();

/** Many times as long as a key set is kept by those who verify. */
function aDay(): IsoDuration {
  const day = parseDuration('P1D');
  if (day === null) throw new Error('P1D is a duration');
  return day;
}

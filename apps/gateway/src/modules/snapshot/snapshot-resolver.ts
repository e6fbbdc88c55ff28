import { Arg, Authorized, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { readCustomerId } from '../arguments.js';
import { makeSnapshot } from './make-snapshot.js';
import { SignedSnapshotType } from './snapshot-type.js';

@Resolver()
export class SnapshotResolver {
  @Authorized('READER')
  @Query(() => SignedSnapshotType, {
    description:
      'As far as the caller may see the customer: a token of a member names no other member, a licence key gets its licence alone.',
  })
  async snapshot(
    @Arg('customerId', () => ID) text: string,
    @Ctx() context: GatewayContext,
  ): Promise<SignedSnapshotType> {
    const customerId = context.access.requireCustomer(readCustomerId('customerId', text));
    const made = await makeSnapshot(context, customerId);
    if (made === null) throw new Error('nobody has named a snapshot that is good still');
    const { revision, token, times } = made;
    const { refreshAfter, graceFrom, expiresAt } = times;
    return { customerId, revision, token, refreshAfter, graceFrom, expiresAt };
  }
}

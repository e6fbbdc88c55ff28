import { executeGrant } from '../../grant/execute-grant.js';
import { isInForce } from '../../grant/grant.js';
import { type Candidate, type Denied, remedyOf } from './attempt.js';

/** All blocks of the feature that are in force are lifted: fewer would allow nothing. */
export function* liftedBlocks({ account, release, feature, now }: Denied): Iterable<Candidate> {
  const blocks = account.grants.filter(
    (grant) => grant.feature === feature.key && grant.effect.kind === 'BLOCK' && isInForce(grant, now),
  );
  if (blocks.length === 0) return;
  let lifted = account;
  for (const { id } of blocks) {
    const outcome = executeGrant(lifted, { kind: 'revokeGrant', grantId: id }, release, now);
    if (!outcome.ok) return;
    lifted = outcome.account;
  }
  const names = blocks.map(({ id }) => `\`${id}\``).join(', ');
  yield { remedy: remedyOf('LIFT_BLOCK', `lift the block: revoke ${names}`), account: lifted };
}

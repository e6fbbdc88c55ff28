import { type Account, type Grant, Refusal, tell } from './account.js';
import { isPrepaid } from './features.js';
import { beginWindows } from './windows.js';

export type NewGrant = Pick<Grant, 'id' | 'feature' | 'effect' | 'value' | 'expiresAt'> & {
  readonly startsAt: number | null;
};

export function grant(account: Account, { startsAt: asked, ...made }: NewGrant): void {
  const startsAt = asked ?? account.now;
  if (isPrepaid(made.feature) && made.effect !== 'BLOCK') throw new Refusal('BAD_USER_INPUT');
  if (made.expiresAt !== null && made.expiresAt <= Math.max(startsAt, account.now))
    throw new Refusal('BAD_USER_INPUT');
  const status = startsAt <= account.now ? 'ACTIVE' : 'SCHEDULED';
  account.grants.push({ ...made, startsAt, holdsFrom: Math.max(startsAt, account.now), status });
  beginWindows(account, account.now);
  tell(account, 'grant.created', made.id, account.now);
}

export function revoke(account: Account, revoked: Grant): void {
  if (revoked.status === 'EXPIRED') throw new Refusal('CONFLICT');
  if (revoked.status === 'REVOKED') return;
  revoked.status = 'REVOKED';
  beginWindows(account, account.now);
  tell(account, 'grant.revoked', revoked.id, account.now);
}

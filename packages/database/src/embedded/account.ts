import { readFileSync, statSync } from 'node:fs';
import { EmbeddedPostgresError } from './errors.js';

/** The operating-system account that the server runs as; null: the caller's own. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Postgres refuses to run as root. Root hands it to the owner of the data directory where there is one already,
 * else to `postgres`, else to `nobody`.
 */
export function accountForServer(existingCluster: string | null): Account | null {
  if (process.getuid?.() !== 0) return null;
  const owner = existingCluster === null ? null : statSync(existingCluster);
  if (owner !== null && owner.uid !== 0)
    return { name: `user ${String(owner.uid)}`, uid: owner.uid, gid: owner.gid };
  const account = findAccount('postgres') ?? findAccount('nobody');
  if (account !== null) return account;
  throw new EmbeddedPostgresError(
    'NO_ACCOUNT',
    'PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to hand it to; ' +
      'start as another user, or set DATABASE_URL',
  );
}

function findAccount(name: string): Account | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [login, , uid, gid] = line.split(':');
    if (login === name && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/** What `spawn` needs to run a program as this account. */
export function spawnIdentity(account: Account | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

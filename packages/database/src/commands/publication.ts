import { concernOf, formatInstant, type Release } from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';

/**
 * From its instant on the release decides as this publication has it. The head comes last: whoever holds it sees either
 * all of this or nothing.
 */
export function publicationStatements({ tenantId }: Caller, live: Release, release: Release): Statement[] {
  const { version, at, undoesAfter, timeZone } = release.publication;
  const toldAll = !Object.values(concernOf(live, release)).includes(true);
  return [
    {
      name: 'insert-publication',
      text: `insert into publication (tenant_id, version, release, at, undoes_after, told_all, time_zone)
             values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [tenantId, version, release.number, formatInstant(at), undoesAfter, toldAll, timeZone],
    },
    {
      name: 'raise-rules-version',
      text: 'update log_head set rules_version = $2 where tenant_id = $1',
      values: [tenantId, version],
    },
  ];
}

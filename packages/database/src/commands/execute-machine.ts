import {
  type Decision,
  executeMachine,
  type Instant,
  type Machine,
  type MachineCommand,
  type TenantId,
  unknownLicense,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import { readHead } from '../event-log/head.js';
import type { Revision } from '../event-log/revision.js';
import { licenseOwner } from '../repositories/licenses.js';
import { publishedRelease } from '../repositories/releases.js';
import { refused, type Result } from '../result.js';
import { type CustomerCommand, runCustomerCommand } from './customer-command.js';
import { heartbeat } from './execute-heartbeats.js';

/** What a command on a licence's machines is answered with. */
export interface MachineDecided {
  readonly decision: Decision;
  /** As it is then; null: it is not activated, or not known. */
  readonly machine: Machine | null;
  /** Number of the release that was live. */
  readonly release: number;
  /** The database's clock. */
  readonly asOf: Instant;
}

export interface MachineResult extends MachineDecided {
  readonly revision: Revision;
}

/**
 * A command on a licence's machines; see `runCustomerCommand`. It may simply be repeated: machines are known by what they
 * name. A denial is an answer, and so is that there is no such licence.
 */
export async function executeMachineCommand(
  db: Database,
  caller: Caller,
  command: MachineCommand,
): Promise<Result<MachineResult>> {
  const result =
    command.kind === 'heartbeatMachine'
      ? await heartbeat(db, caller, command)
      : await runMachineCommand(db, caller, command);
  if (result.ok) return result;
  return result.code === 'NOT_FOUND' ? unknownLicenseResult(db, caller.tenantId) : result;
}

async function runMachineCommand(
  db: Database,
  caller: Caller,
  command: MachineCommand,
): Promise<Result<MachineResult>> {
  const result = await runCustomerCommand(db, caller, commandOf(command));
  return result.ok ? { ok: true, ...result.answer, revision: result.revision } : result;
}

function commandOf(command: MachineCommand): CustomerCommand<MachineDecided> {
  const { licenseId, kind } = command;
  // Of the last attempt: what is run again is decided anew.
  let decided: MachineDecided | null = null;
  return {
    ...{ kind, named: { license: licenseId }, idempotencyKey: null, reason: null },
    requestHash: () => Buffer.alloc(0),
    customerOf: async (transaction) =>
      (await licenseOwner(transaction, licenseId)) ?? refused('NOT_FOUND', 'licenseId', 'no such licence'),
    execute: (account, release, now) => {
      const outcome = executeMachine(account, command, now);
      if (outcome.ok) {
        const { decision, machine } = outcome;
        decided = { decision, machine, release: release.number, asOf: now };
      }
      return outcome;
    },
    answer: () => {
      if (decided === null) throw new Error('a command that was not refused was decided');
      return Promise.resolve(decided);
    },
    rows: () => [],
    toRecord: () => null,
    fromRecord: () => Promise.reject(new Error('nothing is kept without an idempotency key')),
  };
}

/** The answer where there is no such licence. */
export function unknownLicenseResult(
  db: Database,
  tenantId: TenantId,
): Promise<{ readonly ok: true } & MachineResult> {
  return readTransaction(db, tenantId, async (transaction) => {
    const { revision, clock: asOf, rulesVersion } = await readHead(transaction);
    const { number: release } = await publishedRelease(db, transaction, rulesVersion);
    return { ok: true, decision: unknownLicense(), machine: null, release, asOf, revision };
  });
}

import { Arg, Authorized, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import {
  executeMachineCommand,
  newMachineId,
  type Refused,
  type MachineResult,
  unknownLicenseResult,
} from '@licet/database';
import { type IsoDuration, type LicenseId, type MachineCommand, parseLicenseId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted } from '../../errors/api-error.js';
import { Cursor, Duration } from '../../scalars/index.js';
import { boundText } from '../arguments.js';
import { toDecision } from '../check/decision-type.js';
import { type Connection, parseFirst, toConnection } from '../connection/connection-types.js';
import { recorded } from '../decision/recorded.js';
import { LicenseType } from '../license/license-types.js';
import {
  ActivateMachineInput,
  MachineConnectionType,
  MachineInput,
  MachineResultType,
  type MachineType,
  toMachine,
} from './machine-types.js';
import { readIdentity, readMachineName, readTtl } from './read-machine.js';

@Resolver(() => LicenseType)
export class MachineResolver {
  @Authorized('SERVICE')
  @Mutation(() => MachineResultType)
  activateMachine(
    @Arg('input', () => ActivateMachineInput) input: ActivateMachineInput,
    @Ctx() context: GatewayContext,
  ): Promise<MachineResultType> {
    if (input.components?.length === 0)
      throw badInput(
        'input.components',
        'an empty list names no component; leave it out to keep those that are known, or give the ones that there are',
      );
    const { fingerprint, ...identity } = readIdentity(context, input, 'input');
    if (fingerprint === null)
      throw badInput(
        'input.fingerprint',
        'nothing names the machine; give its `fingerprint`, `components`, or both',
      );
    const name = boundText('input.name', input.name);
    const named = { ...identity, fingerprint, ...(name === undefined ? {} : { name }) };
    return execute(context, 'activateMachine', input.licenseId, (licenseId) => ({
      ...{ kind: 'activateMachine', licenseId, machineId: newMachineId() },
      ...named,
    }));
  }

  @Authorized('SERVICE')
  @Mutation(() => MachineResultType)
  deactivateMachine(
    @Arg('input', () => MachineInput) input: MachineInput,
    @Ctx() context: GatewayContext,
  ): Promise<MachineResultType> {
    const machine = readMachineName(input);
    return execute(context, 'deactivateMachine', input.licenseId, (licenseId) => ({
      kind: 'deactivateMachine',
      licenseId,
      machine,
    }));
  }

  @Authorized('SERVICE')
  @Mutation(() => MachineResultType, {
    description:
      'Says that the machine is in use, where machines take turns; ends by itself when not repeated in time. `ttl`: 10 minutes where it is left out, a day at most.',
  })
  heartbeatMachine(
    @Arg('input', () => MachineInput) input: MachineInput,
    @Arg('ttl', () => Duration, { nullable: true }) asked: IsoDuration | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<MachineResultType> {
    const machine = readMachineName(input);
    const ttl = readTtl(asked);
    return execute(context, 'heartbeatMachine', input.licenseId, (licenseId) => ({
      kind: 'heartbeatMachine',
      licenseId,
      machine,
      ttl,
    }));
  }

  @FieldResolver(() => MachineConnectionType)
  async machines(
    @Root() license: LicenseType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Ctx() { access, loaders }: GatewayContext,
  ): Promise<Connection<MachineType> & { totalCount: number }> {
    access.requireTenant();
    const request = { first: parseFirst(first), after: after ?? null };
    const page = granted(await loaders.machinesOf(request).load(license.id), '');
    return { ...toConnection(page, toMachine), totalCount: page.total };
  }
}

async function execute(
  context: GatewayContext,
  operation: MachineCommand['kind'],
  license: string,
  commandOn: (licenseId: LicenseId) => MachineCommand,
): Promise<MachineResultType> {
  const licenseId = parseLicenseId(license);
  const command = licenseId && commandOn(licenseId);
  const result = granted(await perform(context, license, command), 'input');
  const { machine, release, asOf, revision } = result;
  context.states.wrote(revision);
  const decision = toDecision(result.decision, { release, revision, asOf, stale: false });
  const input = command === null ? { licenseId: license } : inputOf(command);
  return recorded(
    context,
    { operation, input, at: asOf, decision },
    { decision, machine: machine && toMachine(machine), revision },
  );
}

function inputOf({ kind: _, ...asked }: MachineCommand): Readonly<Record<string, unknown>> {
  return asked;
}

/** A licence that is not there answers with a decision, and so does a text that is no licence's id (null). */
async function perform(
  { access, loaders, db, caller }: GatewayContext,
  license: string,
  command: MachineCommand | null,
): Promise<Refused | ({ readonly ok: true } & MachineResult)> {
  access.requireLicense('input.licenseId', license);
  if (access.isNarrowed) {
    const stored = command && (await loaders.licenses.load(command.licenseId));
    access.requireOwner(`the licence \`${license}\``, stored?.license.customerId ?? null);
  }
  if (command === null) return unknownLicenseResult(db, access.tenantId);
  return executeMachineCommand(db, caller, command);
}

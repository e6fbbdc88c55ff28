import { type KnownIdentity, newLeaseId, newLicenseFileId, newMachineId, newSeatId } from '@licet/database';
import { type IssueLicenseFile, readMachineRequest } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { boundList, boundText, readMemberId } from '../arguments.js';
import { readIdentity, readMachineText } from '../machine/read-machine.js';
import type { IssueLicenseFileInput } from './license-file-types.js';

/** What a caller asks for; BAD_USER_INPUT where it can never be right. */
export function readIssue(
  context: GatewayContext,
  input: IssueLicenseFileInput,
): Omit<IssueLicenseFile, 'licenseId'> {
  const { identity, nonce } = readMachine(context, input);
  const { fingerprint, components } = identity;
  if (fingerprint === null) throw new Error('a machine is named by its fingerprint');
  return {
    ...{ fileId: newLicenseFileId(), machineId: newMachineId(), seatId: newSeatId() },
    machine: { fingerprint, components },
    nonce,
    validFor: input.validFor,
    seat: readSeat(input),
    budgets: readBudgets(input),
  };
}

/** Longer than any request: 32 components of 255 characters, and what is about them. */
const REQUEST_MAX = 16_384;

function readMachine(
  context: GatewayContext,
  { fingerprint, request }: IssueLicenseFileInput,
): { readonly identity: KnownIdentity; readonly nonce: string | null } {
  if ((fingerprint == null) === (request == null))
    throw badInput(
      'input.fingerprint',
      'a machine is named by its `fingerprint`, or by the `request` that it has made; give one of them',
    );
  if (request == null)
    return { identity: readIdentity(context, { fingerprint: fingerprint ?? null }, 'input'), nonce: null };
  const read = request.length > REQUEST_MAX ? null : readMachineRequest(request);
  if (read === null)
    throw badInput(
      'input.request',
      'it is no request of a machine, or not all of one; have the machine make it again (`licet license request`)',
    );
  readMachineText('input.request', read.nonce);
  return { identity: readIdentity(context, read, 'input.request'), nonce: read.nonce };
}

/** Each feature once, and at least one unit of it; what there is of it the rules say. */
function readBudgets({ budgets }: IssueLicenseFileInput): IssueLicenseFile['budgets'] {
  const seen = new Set<string>();
  const named = boundList('input.budgets', budgets) ?? [];
  return named.map(({ feature, quantity }, index) => {
    const path = `input.budgets.${String(index)}`;
    boundText(`${path}.feature`, feature);
    if (seen.has(feature))
      throw badInput(`${path}.feature`, `the feature \`${feature}\` is named twice; say its quantity`);
    if (quantity < 1)
      throw badInput(`${path}.quantity`, 'a budget is of at least 1 unit; leave it out where none is needed');
    seen.add(feature);
    return { feature, quantity, leaseId: newLeaseId() };
  });
}

function readSeat({ seatFeature, memberId }: IssueLicenseFileInput): IssueLicenseFile['seat'] {
  if (seatFeature == null && memberId == null) return null;
  if (seatFeature == null)
    throw badInput(
      'input.seatFeature',
      'a member is named, and no seat; name the feature, or leave both out',
    );
  if (memberId == null)
    throw badInput(
      'input.memberId',
      'a seat is asked for, and nobody is to hold it; name the member, or leave both out',
    );
  return {
    feature: boundText('input.seatFeature', seatFeature),
    memberId: readMemberId('input.memberId', memberId),
  };
}

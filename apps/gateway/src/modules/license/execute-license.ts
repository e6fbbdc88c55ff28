import { executeLicenseCommand, type LicenseRequest } from '@licet/database';
import { type LicenseId, parseLicenseId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { granted, notFound } from '../../errors/api-error.js';
import { type LicenseResultType, toLicense } from './license-types.js';

/** What a request leaves out: there is none. */
type Execution = Pick<LicenseRequest, 'command'> & Partial<LicenseRequest>;

/** `prefix`: the argument that refused fields lie in. */
export async function executeLicense(
  context: GatewayContext,
  { command, customerId = null, key = null, idempotencyKey = null, reason = null }: Execution,
  prefix: string,
): Promise<LicenseResultType> {
  const request = { command, customerId, key, idempotencyKey, reason };
  const result = granted(await executeLicenseCommand(context.db, context.caller, request), prefix);
  // A key that was taken away opens nothing here once that is answered.
  await context.states.follow(result.revision);
  return { license: toLicense(result.stored.license), key: result.key, revision: result.revision };
}

/** The id of a licence that the caller's key may touch. */
export async function ownLicense(context: GatewayContext, field: string, text: string): Promise<LicenseId> {
  const { access, loaders } = context;
  access.requireLicense(field, text);
  const id = parseLicenseId(text);
  if (access.isNarrowed) {
    const stored = id && (await loaders.licenses.load(id));
    access.requireOwner(`the licence \`${text}\``, stored?.license.customerId ?? null);
  }
  if (id === null) throw notFound(field, `there is no licence \`${text}\``);
  return id;
}

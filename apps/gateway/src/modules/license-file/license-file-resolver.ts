import {
  executeIssueFile,
  executeSettleFile,
  type FileResult,
  licenseFileOwner,
  listRevocations,
  signRevocationList,
  unknownFileResult,
} from '@licet/database';
import { instant, type LicenseId, parseLicenseFileId, parseLicenseId } from '@licet/domain';
import { Arg, Authorized, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import { parseIdempotencyKey } from '../arguments.js';
import { toDecision } from '../check/decision-type.js';
import { recorded } from '../decision/recorded.js';
import { readQuantities } from '../subscription/read-items.js';
import {
  IssueLicenseFileInput,
  LicenseFileResultType,
  SettleLicenseFileInput,
  SignedRevocationListType,
  toLicenseFile,
} from './license-file-types.js';
import { readIssue } from './read-issue.js';

@Resolver()
export class LicenseFileResolver {
  @Authorized('READER')
  @Query(() => SignedRevocationListType, {
    description:
      'Licences that are suspended or were revoked, and files that were settled before their end. Of two the one that was issued later counts.',
  })
  async revocationList(@Ctx() { access, db, services }: GatewayContext): Promise<SignedRevocationListType> {
    access.requireEveryCustomer('the revocation list is of all of them');
    const { tenantId } = access;
    const key = await services.signers.of(tenantId);
    const { clock, ...revocations } = await listRevocations(db, tenantId);
    const token = await signRevocationList(key, tenantId, revocations, clock);
    return { token, issuedAt: instant(Math.floor(clock / 1000) * 1000) };
  }

  @Authorized('SERVICE')
  @Mutation(() => LicenseFileResultType, {
    description:
      'Activates the machine, too, where the licence is bound to machines. The same idempotencyKey gets the same file again.',
  })
  async issueLicenseFile(
    @Arg('input', () => IssueLicenseFileInput) input: IssueLicenseFileInput,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseFileResultType> {
    const { access, db, caller, services } = context;
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const licenseId = await requireOwn(context, input.licenseId);
    const wanted = readIssue(context, input);
    const { validFor, machine, nonce, seat } = wanted;
    const { fingerprint } = machine;
    const budgets = wanted.budgets.map(({ feature, quantity }) => ({ feature, quantity }));
    const asked = { licenseId: input.licenseId, fingerprint, nonce, validFor, seat, budgets };
    if (licenseId === null)
      return answer(
        context,
        'issueLicenseFile',
        asked,
        await unknownFileResult(db, access.tenantId, 'licence'),
      );
    const key = await services.signers.of(access.tenantId);
    const command = { ...wanted, licenseId };
    const result = await executeIssueFile(db, caller, key, { command, idempotencyKey });
    return answer(context, 'issueLicenseFile', asked, granted(result, 'input'));
  }

  @Authorized('SERVICE')
  @Mutation(() => LicenseFileResultType, {
    description:
      'The machine was seen again: what it spent is counted, the rest and the seat come back. May be repeated with the same `spent`.',
  })
  async settleLicenseFile(
    @Arg('input', () => SettleLicenseFileInput) input: SettleLicenseFileInput,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseFileResultType> {
    const { access, db, caller } = context;
    const spent = readQuantities('input.spent', input.spent) ?? new Map();
    const fileId = parseLicenseFileId(input.fileId);
    if (access.isNarrowed) {
      const owner = fileId && (await licenseFileOwner(db, access.tenantId, fileId));
      access.requireOwner(`the licence file \`${input.fileId}\``, owner);
    }
    const asked = { ...input };
    if (fileId === null)
      return answer(
        context,
        'settleLicenseFile',
        asked,
        await unknownFileResult(db, access.tenantId, 'file'),
      );
    const result = await executeSettleFile(db, caller, fileId, spent);
    return answer(context, 'settleLicenseFile', asked, granted(result, 'input'));
  }
}

/** Null: the text can be no licence's id. */
async function requireOwn({ access, loaders }: GatewayContext, text: string): Promise<LicenseId | null> {
  const licenseId = parseLicenseId(text);
  if (access.isNarrowed) {
    const stored = licenseId && (await loaders.licenses.load(licenseId));
    access.requireOwner(`the licence \`${text}\``, stored?.license.customerId ?? null);
  }
  return licenseId;
}

function answer(
  context: GatewayContext,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  { decision: made, release, asOf, revision, stored }: FileResult,
): LicenseFileResultType | Promise<LicenseFileResultType> {
  context.states.wrote(revision);
  const decision = toDecision(made, { release, revision, asOf, stale: false });
  return recorded(
    context,
    { operation, input, at: asOf, decision },
    { decision, file: stored && toLicenseFile(stored), revision },
  );
}

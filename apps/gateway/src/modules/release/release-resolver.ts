import { Arg, Authorized, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import {
  draftRelease,
  findRelease,
  listReleases,
  previewCatalog,
  publishRelease,
  type ReleaseStatus,
  rollbackRelease,
  storedLiveRelease,
  withdrawRelease,
} from '@licet/database';
import { unparsedPreview } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { ApiError, badInput, granted } from '../../errors/api-error.js';
import { Cursor, JsonObjectScalar, type JsonObject } from '../../scalars/index.js';
import { boundText, parseIdempotencyKey } from '../arguments.js';
import { parseFirst, toConnection, type Connection } from '../connection/connection-types.js';
import { CatalogPreviewType, toPreview } from './catalog-preview-type.js';
import {
  CatalogReleaseType,
  ReleaseConnectionType,
  ReleaseStatusEnum,
  toCatalogRelease,
} from './catalog-release-type.js';
import { readCatalog } from './read-catalog.js';
import { ReleaseResultType, toReleaseResult } from './release-result-type.js';

/** A release decides for all customers, and a preview counts them. */
const FOR_ALL = 'releases are for all of them';

@Resolver()
export class ReleaseResolver {
  @Authorized('READER')
  @Query(() => CatalogReleaseType, { description: 'The live release.' })
  async catalog(@Ctx() { db, access }: GatewayContext): Promise<CatalogReleaseType> {
    access.requireEveryCustomer(FOR_ALL);
    return toCatalogRelease(await storedLiveRelease(db, access.tenantId));
  }

  @Authorized('READER')
  @Query(() => CatalogReleaseType, { nullable: true })
  async catalogRelease(
    @Arg('number', () => Int) number: number,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<CatalogReleaseType | null> {
    access.requireEveryCustomer(FOR_ALL);
    const found = await findRelease(db, access.tenantId, number);
    return found && toCatalogRelease(found);
  }

  @Authorized('READER')
  @Query(() => ReleaseConnectionType, { description: 'Newest first.' })
  async catalogReleases(
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('status', () => ReleaseStatusEnum, { nullable: true }) status: ReleaseStatus | null | undefined,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<Connection<CatalogReleaseType>> {
    access.requireEveryCustomer(FOR_ALL);
    const request = { first: parseFirst(first), after: after ?? null, status: status ?? null };
    return toConnection(granted(await listReleases(db, access.tenantId, request), '').page, toCatalogRelease);
  }

  @Authorized('READER')
  @Query(() => CatalogPreviewType, {
    description:
      'Dry run: what this document (one of the two) would change, and whether its scenarios pass. Writes nothing.',
  })
  async previewCatalog(
    @Arg('document', () => JsonObjectScalar, { nullable: true }) document: JsonObject | null | undefined,
    @Arg('yaml', () => String, { nullable: true }) yaml: string | null | undefined,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<CatalogPreviewType> {
    access.requireEveryCustomer(FOR_ALL);
    const { parse } = readCatalog(document, yaml);
    if (!parse.ok) return toPreview(unparsedPreview(parse.problems));
    return toPreview(await previewCatalog(db, access.tenantId, parse));
  }

  @Authorized('OPERATOR')
  @Mutation(() => ReleaseResultType, {
    description:
      'One of document and yaml. With problems of severity ERROR it is BAD_USER_INPUT (`extensions.problems`) and no draft.',
  })
  async draftRelease(
    @Arg('document', () => JsonObjectScalar, { nullable: true }) document: JsonObject | null | undefined,
    @Arg('yaml', () => String, { nullable: true }) yaml: string | null | undefined,
    @Arg('comment', () => String, { nullable: true }) comment: string | null | undefined,
    @Arg('idempotencyKey', () => String, { nullable: true }) key: string | null | undefined,
    @Ctx() { db, access, caller }: GatewayContext,
  ): Promise<ReleaseResultType> {
    access.requireEveryCustomer(FOR_ALL);
    const idempotencyKey = key == null ? null : parseIdempotencyKey('idempotencyKey', key);
    const asked = { comment: boundText('comment', comment) ?? null, idempotencyKey };
    const { field, parse } = readCatalog(document, yaml);
    if (!parse.ok) {
      const { problems } = parse;
      const message = `the catalog has ${String(problems.length)} problem(s), the first at \`${problems[0]?.path ?? ''}\`: ${problems[0]?.message ?? ''}`;
      throw new ApiError('BAD_USER_INPUT', message, field, { problems });
    }
    const drafted = await draftRelease(db, caller, { parsed: parse, ...asked });
    return toReleaseResult(granted(drafted.ok ? drafted : { ...drafted, field: drafted.field ?? field }, ''));
  }

  @Authorized('OPERATOR')
  @Mutation(() => ReleaseResultType, {
    description: "CONFLICT where the live release is no longer the draft's base.",
  })
  async publishRelease(
    @Arg('release', () => Int) release: number,
    @Ctx() { db, access, caller, states }: GatewayContext,
  ): Promise<ReleaseResultType> {
    access.requireEveryCustomer(FOR_ALL);
    const published = granted(await publishRelease(db, caller, release), '');
    await states.follow(published.revision);
    return toReleaseResult(published);
  }

  @Authorized('OPERATOR')
  @Mutation(() => ReleaseResultType, {
    description: `Makes an earlier release live again: \`to\`, or the one that the live release followed.
Where the live release is live by a rollback, one without \`to\` never goes back further: for the same \`reason\` it is
taken for that rollback repeated and changes nothing, else it is CONFLICT.`,
  })
  async rollbackRelease(
    @Arg('to', () => Int, { nullable: true }) to: number | null | undefined,
    @Arg('reason', () => String) reason: string,
    @Ctx() { db, access, caller, states }: GatewayContext,
  ): Promise<ReleaseResultType> {
    access.requireEveryCustomer(FOR_ALL);
    const input = { to: to ?? null, reason: readReason(reason) };
    const rolledBack = granted(await rollbackRelease(db, caller, input), '');
    await states.follow(rolledBack.revision);
    return toReleaseResult(rolledBack);
  }

  @Authorized('OPERATOR')
  @Mutation(() => ReleaseResultType, { description: 'Takes a draft, shadow or canary out.' })
  async withdrawRelease(
    @Arg('release', () => Int) number: number,
    @Arg('reason', () => String) reason: string,
    @Ctx() { db, access, caller }: GatewayContext,
  ): Promise<ReleaseResultType> {
    access.requireEveryCustomer(FOR_ALL);
    const input = { number, reason: readReason(reason) };
    return toReleaseResult(granted(await withdrawRelease(db, caller, input), ''));
  }
}

function readReason(reason: string): string {
  if (reason.trim() === '') throw badInput('reason', 'say why, in at least one character');
  return boundText('reason', reason);
}

import { createHash } from 'node:crypto';
import { type CustomerId, featureOf, type Flag, flagOf, type TenantId } from '@licet/domain';
import { parseRevision } from '@licet/database';
import type { Access } from '../../access.js';
import type { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { readCustomerId } from '../../modules/arguments.js';
import { answerCheck, type Check, checkMany, readCheck } from '../../modules/check/check-many.js';
import type { DecisionType } from '../../modules/check/decision-type.js';
import { readText } from '../read-value.js';
import { CONTEXT_FIELD, type EvaluationContext, readEvaluationContext } from './evaluation-context.js';

/** The check that one flag is. Errors are those of its context. */
export function readFlagCheck(access: Access, key: string, body: unknown): Check {
  return readCheck({ access }, { feature: key, ...readEvaluationContext(body) }, CONTEXT_FIELD);
}

/** One flag, or null where the live release has no such feature; at once where the customer's state is in memory. */
export function evaluateOne(context: GatewayContext, check: Check): Flag | null | Promise<Flag | null> {
  const decision = answerCheck(context, check);
  return 'then' in decision
    ? decision.then((decided) => flagOfOne(context, check, decided))
    : flagOfOne(context, check, decision);
}

function flagOfOne({ states }: GatewayContext, { feature: key }: Check, decision: DecisionType): Flag | null {
  const release = states.knownRelease;
  const feature = release && featureOf(release, key);
  if (feature === null) return null;
  const flag = flagOf(feature, decision);
  const { metadata } = flag;
  metadata['decisionId'] = decision.id;
  metadata['release'] = decision.release;
  metadata['revision'] = decision.revision;
  metadata['stale'] = decision.stale;
  return flag;
}

/** All features of the catalog as flags, for one context. */
export interface Evaluated {
  readonly asked: EvaluationContext;
  readonly customerId: CustomerId;
  /** Whether there is such a customer. */
  readonly isKnown: boolean;
  readonly flags: readonly Flag[];
  readonly metadata: { readonly release: number; readonly revision: string; readonly stale: boolean };
}

/** `flagConfigEtag`: as an event of the stream has told it; the answer is from a state that has seen that event. */
export async function evaluateAll(
  context: GatewayContext,
  { body, flagConfigEtag }: { readonly body: unknown; readonly flagConfigEtag: unknown },
): Promise<Evaluated> {
  const asked = readEvaluationContext(body);
  const customerId = context.access.requireCustomer(readCustomerId(CONTEXT_FIELD, asked.customerId));
  const seen = readSeen(flagConfigEtag);
  if (seen !== null) await context.states.reach(seen, 'flagConfigEtag', [customerId]);
  const { state, revision, stale } = await context.states.load(customerId);
  const features = [...state.release.catalog.features.values()];
  const checks = features.map(({ key }) => ({ feature: key, ...asked }));
  const decisions = await checkMany(context, checks, () => CONTEXT_FIELD);
  const flags = features.flatMap((feature, index) => {
    const decision = decisions[index];
    return decision === undefined ? [] : [flagOf(feature, decision)];
  });
  const metadata = { release: state.release.number, revision, stale };
  return { asked, customerId, isKnown: state.kind === 'KNOWN', flags, metadata };
}

function readSeen(flagConfigEtag: unknown): string | null {
  const field = 'flagConfigEtag';
  const text = readText(field, flagConfigEtag);
  if (text === null) return null;
  const revision = parseRevision(text);
  if (revision === null) throw badInput(field, 'hand it back as an event of the stream has told it');
  return revision;
}

/** Names one answer: another tenant, release, context, or another answer to the same, has another one. */
export function etagOf(
  tenantId: TenantId,
  { asked, flags, metadata }: Evaluated,
  eventStreams: readonly unknown[],
): string {
  const text = JSON.stringify([tenantId, metadata.release, metadata.stale, asked, flags, eventStreams]);
  return `"${createHash('sha256').update(text).digest('base64url')}"`;
}

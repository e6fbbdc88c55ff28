import type { GatewayContext } from '../../context.js';
import { ApiError, badInput } from '../../errors/api-error.js';
import { boundList } from '../../modules/arguments.js';
import type { JsonObject } from '../../scalars/index.js';
import { readObject } from '../read-value.js';
import { type AuthzenDecision, deniedBy, evaluate } from './evaluation.js';

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
type Semantic = (typeof SEMANTICS)[number];

/** Section 7.2 of the specification. */
export interface EvaluationsAnswer {
  readonly evaluations: readonly AuthzenDecision[];
}

/**
 * Decides a list of evaluations, each on its own and all by one release, in order; without a list the request itself is the
 * only evaluation. What is wrong with one of a list denies that one; BAD_USER_INPUT where the request as a whole is wrong.
 */
export async function evaluateMany(
  context: GatewayContext,
  request: JsonObject,
): Promise<EvaluationsAnswer | AuthzenDecision> {
  const evaluations = readList(request['evaluations']);
  const semantic = readSemantic(request['options']);
  if (evaluations.length === 0) return evaluate(context, request);
  const decide = (item: unknown): Promise<AuthzenDecision> =>
    evaluateItem(context, withDefaults(request, item));
  switch (semantic) {
    case 'execute_all':
      return { evaluations: await Promise.all(evaluations.map(decide)) };
    case 'deny_on_first_deny':
      return { evaluations: await until(evaluations, decide, false) };
    case 'permit_on_first_permit':
      return { evaluations: await until(evaluations, decide, true) };
  }
}

function readList(value: unknown): readonly unknown[] {
  if (value == null) return [];
  if (!Array.isArray(value)) throw badInput('evaluations', 'a list of evaluations is wanted');
  return boundList('evaluations', value);
}

function readSemantic(options: unknown): Semantic {
  const { evaluations_semantic: asked } = options == null ? {} : readObject('options', options);
  if (asked == null) return 'execute_all';
  const semantic = SEMANTICS.find((known) => known === asked);
  if (semantic !== undefined) return semantic;
  throw badInput('options.evaluations_semantic', `one of ${SEMANTICS.join(', ')} is wanted`);
}

/** Whole entities are taken over, never parts of them. Null: it is no evaluation. */
function withDefaults({ subject, action, resource, context }: JsonObject, item: unknown): JsonObject | null {
  return typeof item !== 'object' || item === null || Array.isArray(item)
    ? null
    : { subject, action, resource, context, ...item };
}

/** In order, up to the first that is `decision`. */
async function until(
  items: readonly unknown[],
  decide: (item: unknown) => Promise<AuthzenDecision>,
  decision: boolean,
): Promise<AuthzenDecision[]> {
  const answers: AuthzenDecision[] = [];
  for (const item of items) {
    const answer = await decide(item);
    answers.push(answer);
    if (answer.decision === decision) break;
  }
  return answers;
}

async function evaluateItem(
  context: GatewayContext,
  evaluation: JsonObject | null,
): Promise<AuthzenDecision> {
  try {
    return await evaluate(context, readObject('', evaluation));
  } catch (error) {
    const status = error instanceof ApiError ? ITEM_STATUS.get(error.extensions['code']) : undefined;
    if (!(error instanceof ApiError) || status === undefined) throw error;
    return deniedBy({ status, message: messageOf(error) });
  }
}

/** What may be wrong with one evaluation; everything else is wrong with all of them. */
const ITEM_STATUS: ReadonlyMap<unknown, number> = new Map([
  ['BAD_USER_INPUT', 400],
  ['FORBIDDEN', 403],
]);

function messageOf({ message, extensions: { field } }: ApiError): string {
  return typeof field === 'string' && field !== '' ? `\`${field}\`: ${message}` : message;
}

import type { SpendRequest, Verdict } from '@licet/database';
import type { GatewayContext } from '../../context.js';
import { answerTo } from './spend-many.js';
import type { ConsumeResultType } from './usage-types.js';

interface Submitted {
  readonly answer: ConsumeResultType;
  /** Null: the database was out of reach, and nothing was written. */
  readonly verdict: Verdict | null;
}

/** Asks for one thing that a list of spends cannot ask for; its refusal is thrown. `path`: of its input, for errors. */
export async function submitOne(
  context: GatewayContext,
  operation: string,
  request: SpendRequest,
  path: string,
): Promise<Submitted> {
  const verdict = await context.spends.submit(context.caller, request).catch(asError);
  const answer = await answerTo(context, { operation, request, verdict, path });
  if (answer instanceof Error) throw answer;
  return { answer, verdict: verdict instanceof Error || !verdict.ok ? null : verdict };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

import type { GatewayContext } from '../../context.js';
import { toChangeEvent, type ChangeEventType } from './event-types.js';
import { Answers, concerns, follow, subjectOf } from './follow.js';
import type { Following } from './subscribe-arguments.js';

/** The listed events of the asked types, as they happened. */
export async function changeEvents(
  context: GatewayContext,
  following: Following,
): Promise<AsyncIterable<ChangeEventType>> {
  const subject = await subjectOf(context, following);
  const events = await follow(context, following, { subject, listed: true });
  return new Answers(context, events, (event) => {
    const isWanted = concerns(context, following, event);
    const isOfType = following.types === null || following.types.has(event.type);
    return Promise.resolve(isWanted && isOfType ? toChangeEvent(event) : null);
  });
}

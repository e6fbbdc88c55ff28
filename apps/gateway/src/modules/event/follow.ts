import type { Revision, StoredEvent } from '@licet/database';
import { renewReads, type GatewayContext } from '../../context.js';
import { granted, notFound } from '../../errors/api-error.js';
import type { Following } from './subscribe-arguments.js';

export interface Followed {
  /** Where the stream starts. */
  readonly from: Revision;
  readonly events: AsyncIterableIterator<StoredEvent>;
}

/**
 * The tenant's log from the cursor on; CURSOR_EXPIRED where it is not of this log. `subject`: of the customer whose
 * events alone are wanted, besides those that are about no customer.
 */
export async function follow(
  { feed, access }: GatewayContext,
  { after }: Following,
  subject: string | null,
): Promise<Followed> {
  return granted(await feed.follow(access.tenantId, after, subject), '');
}

/** By which the log names the customer that is followed; null: every customer is. NOT_FOUND where there is none. */
export async function subjectOf(
  { loaders }: GatewayContext,
  { customerId }: Following,
): Promise<string | null> {
  if (customerId === null) return null;
  const customer = await loaders.customers.load(customerId);
  if (customer === null) throw notFound('customerId', `there is no customer \`${customerId}\``);
  return customer.subject;
}

/** Whether an event is about what is followed, and the key may see it. */
export function concerns({ access }: GatewayContext, { customerId }: Following, event: StoredEvent): boolean {
  return (customerId === null || event.customerId === customerId) && access.sees(event.customerId);
}

/**
 * Answers for events, one after another: the next is taken up when the one before has been delivered, so each may have
 * loaders of its own on the same context. Ends the feed's iterator when the subscriber leaves.
 */
export async function* answers<T>(
  context: GatewayContext,
  events: AsyncIterableIterator<StoredEvent>,
  answer: (event: StoredEvent) => Promise<T | null>,
): AsyncGenerator<T> {
  for await (const event of events) {
    renewReads(context);
    const answered = await answer(event);
    if (answered !== null) yield answered;
  }
}

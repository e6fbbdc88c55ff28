import type { Followed, StoredEvent } from '@licet/database';
import type { GatewayContext } from '../../context.js';
import { type ApiError, granted, notFound } from '../../errors/api-error.js';
import type { Following } from './subscribe-arguments.js';

/**
 * The tenant's log from the cursor on; CURSOR_EXPIRED where it is not of this log. `subject`: of the customer whose
 * events alone are wanted, besides those that are about no customer. `listed`: none of usage.
 */
export async function follow(
  { feed, access }: GatewayContext,
  { after }: Following,
  wanted: { readonly subject: string | null; readonly listed: boolean },
): Promise<Followed> {
  return granted(await feed.follow(access.tenantId, after, wanted), '').events;
}

/** By which the log names the customer that is followed; null: every customer is. NOT_FOUND where there is none. */
export async function subjectOf(
  { loaders }: GatewayContext,
  { customerId }: Following,
): Promise<string | null> {
  if (customerId === null) return null;
  const customer = await loaders.customers.load(customerId);
  if (customer === null) throw unknownCustomer(customerId);
  return customer.subject;
}

export function unknownCustomer(id: string): ApiError {
  return notFound('customerId', `there is no customer \`${id}\``);
}

/** Whether an event is about what is followed, and the key may see it. */
export function concerns({ access }: GatewayContext, { customerId }: Following, event: StoredEvent): boolean {
  return (customerId === null || event.customerId === customerId) && access.sees(event.customerId);
}

/** What an event means to a subscriber; null: nothing. */
export type Answer<T> = (event: StoredEvent) => Promise<T | null>;

/**
 * Answers for events, one after another: the next is taken up when the one before has been delivered, so each reads
 * anew on the same context. Ends the feed's iterator when the subscriber leaves.
 */
export class Answers<T> implements AsyncIterableIterator<T, undefined> {
  /** `first`: sent before any event; null: nothing. */
  constructor(
    private readonly context: GatewayContext,
    private readonly events: AsyncIterator<StoredEvent>,
    private readonly answer: Answer<T>,
    private first: T | null = null,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.first !== null) return this.#takeFirst(this.first);
    for (;;) {
      this.context.renewReads();
      const event = await this.events.next();
      if (event.done === true) return OVER;
      const value = await this.answer(event.value);
      if (value !== null) return { done: false, value };
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.events.return?.();
    return OVER;
  }

  #takeFirst(value: T): IteratorResult<T, undefined> {
    this.first = null;
    return { done: false, value };
  }
}

const OVER = { done: true, value: undefined } as const;

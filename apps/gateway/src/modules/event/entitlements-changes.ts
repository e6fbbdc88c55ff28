import type { Customer, Revision, StoredEvent } from '@licet/database';
import { entitlementChanges, type CustomerId, type Entitlement } from '@licet/domain';
import { renewReads, type GatewayContext } from '../../context.js';
import { notFound } from '../../errors/api-error.js';
import { entitlementsIn, toEntitlementSet } from '../check/entitlement-set.js';
import type { EntitlementSetType } from '../check/entitlement-types.js';
import type { ChangeEventType, EntitlementsChangeType } from './event-types.js';
import { follow } from './follow.js';
import type { Following } from './subscribe-arguments.js';
import { toCause, touches } from './touches.js';

/**
 * What a customer may do, each time that it changes.
 *
 * The stream compares what is now with what it sent last. Without `after` it begins by sending what is now. With `after`
 * it does not know what the subscriber has: the state as of that cursor is gone. If the log has nothing for this
 * customer between the cursor and the state read at the start, that state is what the subscriber has. Otherwise the
 * first event after the cursor sends everything, all features named as changed: more than needed, and never less.
 */
export async function entitlementsChanges(
  context: GatewayContext,
  following: Following,
): Promise<AsyncGenerator<EntitlementsChangeType>> {
  const { customerId } = following;
  if (customerId === null) throw new Error('entitlementsChanged follows one customer');
  const customer = await context.loaders.customers.load(customerId);
  if (customer === null) throw notFound('customerId', `there is no customer \`${customerId}\``);
  // The log is attached to first, so that nothing falls between it and the state that is read next.
  const { from, events } = await follow(context, following, customer.subject);
  const start = await startOf(context, customerId, from);
  return changes(context, { customer, start, events, resumed: following.after !== null });
}

interface Stream {
  readonly customer: Customer;
  readonly start: Snapshot;
  readonly events: AsyncIterableIterator<StoredEvent>;
  readonly resumed: boolean;
}

/** The answer of one moment, as it is sent and as it is compared. */
interface Snapshot {
  readonly set: EntitlementSetType;
  readonly entitlements: readonly Entitlement[];
}

async function* changes(context: GatewayContext, stream: Stream): AsyncGenerator<EntitlementsChangeType> {
  const { customer, start, resumed } = stream;
  let known: Snapshot | null = resumed ? null : start;
  if (!resumed) yield changeOf(start, keysOf(start), null, start.set.revision);
  for await (const event of stream.events) {
    if (!touches(event, customer)) continue;
    renewReads(context);
    const now = await snapshotNow(context, customer.id);
    if (now === null) return;
    known ??= isBeyond(event.cursor, start.set.revision) ? start : null;
    const changed = known === null ? keysOf(now) : entitlementChanges(known.entitlements, now.entitlements);
    known = now;
    if (changed.length > 0) yield changeOf(now, changed, toCause(event, customer), event.cursor);
  }
}

/** Both name positions of one log, written so that their order is that of their text. */
function isBeyond(cursor: Revision, revision: string): boolean {
  return cursor > revision;
}

/** What holds at the place where the stream begins. */
async function startOf(context: GatewayContext, customerId: CustomerId, from: Revision): Promise<Snapshot> {
  await context.states.reach(from, 'after', [customerId]);
  const start = await snapshotNow(context, customerId);
  if (start === null) throw notFound('customerId', `there is no customer \`${customerId}\``);
  return start;
}

async function snapshotNow(context: GatewayContext, customerId: CustomerId): Promise<Snapshot | null> {
  const stamped = await context.states.load(customerId);
  if (stamped.state.kind !== 'KNOWN') return null;
  const all = entitlementsIn(stamped);
  return { set: toEntitlementSet(stamped, all), entitlements: all.entitlements };
}

function changeOf(
  { set }: Snapshot,
  changed: string[],
  cause: ChangeEventType | null,
  cursor: string,
): EntitlementsChangeType {
  const { customerId, asOf } = set;
  return { cursor, customerId, entitlements: set, changed, cause, at: cause?.at ?? asOf };
}

function keysOf({ entitlements }: Snapshot): string[] {
  return entitlements.map(({ feature }) => feature);
}

import {
  answersTurnedAfter,
  atUsage,
  DatabaseUnavailableError,
  type Followed,
  type Revision,
  type StampedState,
  type StoredEvent,
} from '@licet/database';
import { entitlementChanges, type CustomerId, type Outline } from '@licet/domain';
import type { Access } from '../../access.js';
import type { GatewayContext } from '../../context.js';
import { entitlementsIn, outlinesIn, toEntitlementSet } from '../check/entitlement-set.js';
import { type ChangeEventType, EntitlementsChangeType } from './event-types.js';
import { Answers, follow, subjectOf, unknownCustomer } from './follow.js';
import { sharedOutline } from './shared-outlines.js';
import type { Following } from './subscribe-arguments.js';
import { toCause, touches, type FollowedCustomer } from './touches.js';

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
): Promise<AsyncIterable<EntitlementsChangeType>> {
  const { customerId, after } = following;
  if (customerId === null) throw new Error('entitlementsChanged follows one customer');
  return after === null ? fromNow(context, customerId) : resumed(context, following, customerId);
}

/** INVARIANT (nothing between): the log is followed from the revision that the first answer was read at. */
async function fromNow(context: GatewayContext, id: CustomerId): Promise<Answers<EntitlementsChangeType>> {
  const { tenantId } = context.access;
  const { stamped, subject, end } = await context.store.read(tenantId, id);
  const start = snapshotOf(stamped, id, context.access);
  if (subject === null) throw unknownCustomer(id);
  const events = context.feed.followFrom(tenantId, end, { from: end.revision, subject });
  const all = { changed: keysOf(start), cause: null, cursor: end.revision };
  const first = changeOf(start, all, context.access);
  const changes = new Changes(context, events, { id, subject }, start.outline);
  return new Answers(context, events, (event) => changes.of(event), first);
}

/** The log is attached to before the state is read, so that nothing falls between. */
async function resumed(
  context: GatewayContext,
  following: Following,
  id: CustomerId,
): Promise<Answers<EntitlementsChangeType>> {
  const subject = await subjectOf(context, following);
  if (subject === null) throw new Error('one customer is followed');
  const events = await follow(context, following, { subject, listed: false });
  const { stamped, end } = await context.store.read(context.access.tenantId, id);
  const start = { revision: end.revision, outline: snapshotOf(stamped, id, context.access).outline };
  const changes = new Changes(context, events, { id, subject }, null, start);
  return new Answers(context, events, (event) => changes.of(event));
}

/** What held where a stream was resumed. */
interface Start {
  readonly revision: Revision;
  readonly outline: readonly Outline[];
}

/** Compares what is now with what was sent last, of which it holds no more than that takes. */
class Changes {
  /** `known`: what the subscriber has; null: it is not known yet, and is `start` if nothing has happened up to there. */
  constructor(
    private readonly context: GatewayContext,
    private readonly events: Followed,
    private readonly customer: FollowedCustomer,
    private known: readonly Outline[] | null,
    private start: Start | null = null,
  ) {}

  async of(event: StoredEvent): Promise<EntitlementsChangeType | null> {
    if (!touches(event, this.customer)) return null;
    const { id, subject } = this.customer;
    const stamped = await this.context.states.load(id);
    // INVARIANT (cause): a change of counters is told by the event that made it, not by one before it that was read late.
    const { state, taken } = atUsage(stamped.state, event, subject);
    const then = taken.size === 0 ? stamped : { ...stamped, state, revision: event.cursor };
    const now = snapshotOf(then, id, this.context.access);
    const known = this.known ?? this.#startBefore(event.cursor);
    const changed = known === null ? keysOf(now) : entitlementChanges(known, now.outline);
    // What is told of the event's own counters is of then, and no answer of now, which the log could be asked about.
    const asked = known === null ? [] : changed.filter((feature) => !taken.has(feature));
    const later = await this.#turnedLater(event, now, asked);
    const told = changed.filter((feature) => !later.has(feature));
    this.known =
      known === null || later.size === 0 ? now.outline : sharedOutline(kept(known, now.outline, later));
    this.start = null;
    if (told.length === 0) return null;
    const { access } = this.context;
    const cause = toCause(event, this.customer, access);
    return changeOf(now, { changed: told, cause, cursor: event.cursor }, access);
  }

  /** INVARIANT (cause): of events that are read together each is told with what it has turned itself, and not with what comes after it. */
  async #turnedLater(
    event: StoredEvent,
    { outline, stamped: { newest } }: Snapshot,
    asked: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const { context, customer, events } = this;
    if (asked.length === 0 || !isBeyond(newest, event.cursor) || events.hasTaken(newest)) return NONE;
    const memberId = context.access.requireMember('memberId', null);
    const now = new Map(outline.map((one) => [one.feature, one]));
    const answers = asked.map((feature) => {
      const { code, value, limit } = now.get(feature) ?? GONE;
      return { request: { feature, quantity: 1, memberId }, decision: { code, value, limit } };
    });
    const whose = { customerId: customer.id, subject: customer.subject, after: event.cursor };
    const turning = await answersTurnedAfter(context.db, context.access.tenantId, {
      ...whose,
      answers,
      withLimit: true,
    });
    const later = asked.filter((_, index) => {
      const cursor = turning[index]?.event.cursor;
      return cursor !== undefined && isBeyond(cursor, event.cursor);
    });
    return new Set(later);
  }

  #startBefore(cursor: Revision): readonly Outline[] | null {
    return this.start !== null && isBeyond(cursor, this.start.revision) ? this.start.outline : null;
  }
}

const NONE: ReadonlySet<string> = new Set();
/** What is said of a feature that a release has taken away. */
const GONE = { code: 'UNKNOWN_FEATURE', value: null, limit: null } as const;

/** What is now, but of these features what was known: they are still to be told. */
function kept(
  known: readonly Outline[],
  now: readonly Outline[],
  later: ReadonlySet<string>,
): readonly Outline[] {
  return [
    ...now.filter(({ feature }) => !later.has(feature)),
    ...known.filter(({ feature }) => later.has(feature)),
  ];
}

/** Both name positions of one log, written so that their order is that of their text. */
function isBeyond(cursor: Revision, revision: Revision): boolean {
  return cursor > revision;
}

/** The answer of one moment, as it is sent and as it is compared. */
interface Snapshot {
  readonly stamped: StampedState;
  readonly outline: readonly Outline[];
}

/** NOT_FOUND where there is no such customer (any more), UNAVAILABLE where nobody could be asked. */
function snapshotOf(stamped: StampedState, id: CustomerId, access: Access): Snapshot {
  switch (stamped.state.kind) {
    case 'KNOWN':
      return { stamped, outline: sharedOutline(outlinesIn(stamped, access)) };
    case 'UNKNOWN_CUSTOMER':
      throw unknownCustomer(id);
    case 'OUT_OF_REACH':
      throw new DatabaseUnavailableError('what the customer has is out of reach', null);
  }
}

interface Told {
  readonly changed: readonly string[];
  /** Null: it says what is now. */
  readonly cause: ChangeEventType | null;
  readonly cursor: string;
}

function changeOf({ stamped }: Snapshot, told: Told, access: Access): EntitlementsChangeType {
  const { state, asOf } = stamped;
  const customerId = state.kind === 'KNOWN' ? state.account.id : state.customerId;
  const at = told.cause?.at ?? asOf;
  return new EntitlementsChangeType({ ...told, customerId, at }, () =>
    toEntitlementSet(stamped, entitlementsIn(stamped, access)),
  );
}

function keysOf({ outline }: Snapshot): string[] {
  return outline.map(({ feature }) => feature);
}

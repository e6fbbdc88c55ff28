import { isPublication, type StoredEvent } from '@licet/database';
import type { CustomerId } from '@licet/domain';
import type { Access } from '../../access.js';
import { unnamed } from '../actor/actor-type.js';
import { toChangeEvent, type ChangeEventType } from './event-types.js';

/** A customer, and by which name the log tells of it. */
export interface FollowedCustomer {
  readonly id: CustomerId;
  readonly subject: string;
}

/** Whether an event may change what the customer may do: its own events, usage batches that spent for it, publications. */
export function touches(event: StoredEvent, { id, subject }: FollowedCustomer): boolean {
  if (event.customerId !== null) return event.customerId === id;
  return event.listed ? isPublication(event) : event.subjects.includes(subject);
}

/**
 * The event as who reads of one customer may see it: of a usage batch, which holds several customers', its own counters
 * alone; with a customer's own credential what happened and when, not who has done it and why.
 */
export function toCause(
  event: StoredEvent,
  { id, subject }: FollowedCustomer,
  { ownCustomer }: Access,
): ChangeEventType {
  const cause = event.listed ? toChangeEvent(event) : ofOneCustomer(event, { id, subject });
  return ownCustomer === null ? cause : withoutVendor(cause);
}

function withoutVendor(cause: ChangeEventType): ChangeEventType {
  return { ...cause, actor: unnamed(cause.actor), reason: null, requestId: null, data: {} };
}

function ofOneCustomer(event: StoredEvent, { id, subject }: FollowedCustomer): ChangeEventType {
  const { meters } = event.data;
  const own: unknown[] = Array.isArray(meters)
    ? meters.filter((meter: unknown) => subjectOf(meter) === subject)
    : [];
  return { ...toChangeEvent(event), customerId: id, data: { meters: own } };
}

function subjectOf(meter: unknown): unknown {
  return typeof meter === 'object' && meter !== null && 'subject' in meter ? meter.subject : null;
}

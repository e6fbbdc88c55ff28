import type { SubscriptionData } from '@licet/api-types';
import type { StoredEvent } from '@licet/database';
import { parseSubscriptionId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { toSubscription } from '../subscription/to-subscription.js';
import type { PlanChangeType } from './event-types.js';
import { Answers, concerns, follow, subjectOf } from './follow.js';
import type { Following } from './subscribe-arguments.js';

/** Subscriptions that began, ended, or moved to another plan or plan version. */
export async function planChanges(
  context: GatewayContext,
  following: Following,
): Promise<AsyncIterable<PlanChangeType>> {
  const subject = await subjectOf(context, following);
  const events = await follow(context, following, { subject, listed: true });
  return new Answers(context, events, (event) =>
    concerns(context, following, event) ? planChange(context, event) : Promise.resolve(null),
  );
}

async function planChange({ loaders }: GatewayContext, event: StoredEvent): Promise<PlanChangeType | null> {
  if (!event.type.startsWith('subscription.')) return null;
  const from = planInForce(event.data['before']);
  const to = planInForce(event.data['after']);
  if (from?.plan === to?.plan && from?.version === to?.version) return null;
  const id = parseSubscriptionId(event.subjectId);
  const subscription = id && (await loaders.subscriptions.load(id));
  if (!subscription) throw new Error(`event ${event.id} is about a subscription that is not there`);
  return {
    cursor: event.cursor,
    customerId: subscription.customerId,
    subscription: toSubscription(subscription),
    from: from?.plan ?? null,
    to: to?.plan ?? null,
    reason: event.type,
    at: event.at,
  };
}

interface PlanInForce {
  readonly plan: string;
  readonly version: number | null;
}

const WITHOUT_PLAN: ReadonlySet<SubscriptionData['status'] | undefined> = new Set([
  'SCHEDULED',
  'CANCELED',
  'EXPIRED',
]);

/** The plan that a recorded subscription gives; null before it has begun and once it has ended. */
function planInForce(recorded: unknown): PlanInForce | null {
  if (!isRecord(recorded) || WITHOUT_PLAN.has(recorded.status)) return null;
  const { plan, planVersion } = recorded;
  return plan === undefined ? null : { plan, version: planVersion ?? null };
}

function isRecord(value: unknown): value is Partial<SubscriptionData> {
  return typeof value === 'object' && value !== null;
}

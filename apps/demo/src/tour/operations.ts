import type {
  ChangeEvent,
  ConsumeInput,
  ConsumeResult,
  Decision,
  Entitlement,
  EntitlementsChange,
  PlanSubscription,
  ReleaseUsageInput,
  Remedy,
} from '@licet/api-types';
import type { Operation } from './answer.js';
import type { TourClient } from './client.js';
import type { LiveStream } from './live-stream.js';

export type Verdict = Pick<Decision, 'allowed' | 'code' | 'message' | 'limit' | 'used' | 'asOf'>;

const VERDICT = 'allowed code message limit used asOf';

const CHECK: Operation<{ check: Verdict }> = {
  field: 'check',
  query: `query ($input: CheckInput!) { check(input: $input) { ${VERDICT} } }`,
};

/** Asks for one unit; `atLeast`: from a state at least as new as this revision. */
export async function check(
  client: TourClient,
  input: { customerId: string; feature: string; atLeast?: string },
): Promise<Verdict> {
  const data = await client.send(CHECK, { input });
  return data.check;
}

export type Offer = Pick<Remedy, 'kind' | 'plan' | 'message'>;

const EXPLAIN: Operation<{ explain: { remedies: readonly Offer[] } }> = {
  field: 'explain',
  query: `query ($input: CheckInput!) { explain(input: $input) { remedies { kind plan message } } }`,
};

/** What would allow what is denied, each in a sentence. */
export async function remediesFor(
  client: TourClient,
  input: { customerId: string; feature: string },
): Promise<readonly Offer[]> {
  const data = await client.send(EXPLAIN, { input });
  return data.explain.remedies;
}

const UPSERT_CUSTOMER: Operation<{ upsertCustomer: { revision: string } }> = {
  field: 'upsertCustomer',
  query: 'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
};

/** Makes a customer whose calendar is UTC: a trial of 14 days lasts 14 times 24 hours there. */
export async function createCustomer(client: TourClient, id: string, name: string): Promise<void> {
  await client.send(UPSERT_CUSTOMER, { input: { id, name, timeZone: 'UTC' } });
}

interface Sold {
  readonly revision: string;
  readonly subscription: Pick<PlanSubscription, 'id' | 'status' | 'trialEndsAt'> & {
    readonly plan: Pick<PlanSubscription['plan'], 'name'>;
  };
}

const SOLD = 'revision subscription { id status trialEndsAt plan { name } }';

const SUBSCRIBE: Operation<{ subscribe: Sold }> = {
  field: 'subscribe',
  query: `mutation ($input: SubscribeInput!) { subscribe(input: $input) { ${SOLD} } }`,
};

/** Puts a customer on a plan, with the plan's trial where it has one. */
export async function subscribe(
  client: TourClient,
  input: { customerId: string; plan: string; startsAt?: string },
): Promise<Sold> {
  const idempotencyKey = `${input.customerId} subscribes`;
  const data = await client.send(SUBSCRIBE, { input: { ...input, idempotencyKey } });
  return data.subscribe;
}

const CHANGE_PLAN: Operation<{ changePlan: Sold }> = {
  field: 'changePlan',
  query: `mutation ($input: ChangePlanInput!) { changePlan(input: $input) { ${SOLD} } }`,
};

/** Changes the plan at once. */
export async function changePlan(client: TourClient, subscriptionId: string, plan: string): Promise<Sold> {
  const idempotencyKey = `${subscriptionId} to ${plan}`;
  const data = await client.send(CHANGE_PLAN, {
    input: { subscriptionId, plan, timing: 'NOW', idempotencyKey },
  });
  return data.changePlan;
}

export type Consumed = Pick<ConsumeResult, 'consumed'> & { readonly decision: Verdict };

const CONSUME_MANY: Operation<{ consumeMany: readonly Consumed[] }> = {
  field: 'consumeMany',
  query: `mutation ($inputs: [ConsumeInput!]!) {
    consumeMany(inputs: $inputs) { consumed decision { ${VERDICT} } } }`,
};

/** Each for itself, in order. */
export async function consumeMany(
  client: TourClient,
  inputs: readonly ConsumeInput[],
): Promise<readonly Consumed[]> {
  const data = await client.send(CONSUME_MANY, { inputs });
  return data.consumeMany;
}

const RELEASE_USAGE: Operation<{ releaseUsage: Consumed }> = {
  field: 'releaseUsage',
  query: `mutation ($input: ReleaseUsageInput!) {
    releaseUsage(input: $input) { consumed decision { ${VERDICT} } } }`,
};

export async function releaseUsage(client: TourClient, input: ReleaseUsageInput): Promise<Verdict> {
  const data = await client.send(RELEASE_USAGE, { input });
  return data.releaseUsage.decision;
}

export interface EntitlementsMessage {
  readonly entitlementsChanged: Pick<EntitlementsChange, 'changed'> & {
    readonly cause: Pick<ChangeEvent, 'type' | 'at'> | null;
    readonly entitlements: {
      readonly entitlements: readonly Pick<Entitlement, 'feature' | 'allowed'>[];
    };
  };
}

const ENTITLEMENTS_CHANGED: Operation<EntitlementsMessage> = {
  field: 'entitlementsChanged',
  query: `subscription ($customerId: ID!) { entitlementsChanged(customerId: $customerId) {
    changed cause { type at } entitlements { entitlements { feature allowed } } } }`,
};

/** What the customer may do: once as it is now, then each time that it changes. */
export function followEntitlements(client: TourClient, customerId: string): LiveStream<EntitlementsMessage> {
  return client.follow(ENTITLEMENTS_CHANGED, { customerId });
}

/** Whether the message says yes to the feature. */
export function allows({ entitlementsChanged }: EntitlementsMessage, feature: string): boolean {
  const { entitlements } = entitlementsChanged.entitlements;
  return entitlements.some((entitlement) => entitlement.feature === feature && entitlement.allowed);
}

export type LoggedEvent = Pick<ChangeEvent, 'at' | 'type'> & {
  readonly actor: Pick<ChangeEvent['actor'], 'kind'>;
};

const EVENTS: Operation<{ events: { edges: readonly { node: LoggedEvent }[] } }> = {
  field: 'events',
  query: `query ($customerId: ID!) {
    events(customerId: $customerId) { edges { node { at type actor { kind } } } } }`,
};

/** The customer's events, oldest first. */
export async function eventsOf(client: TourClient, customerId: string): Promise<readonly LoggedEvent[]> {
  const data = await client.send(EVENTS, { customerId });
  return data.events.edges.map(({ node }) => node);
}

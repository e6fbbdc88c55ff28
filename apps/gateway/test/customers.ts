import { newIdempotencyKey, type Answer, type TestGateway } from './gateway.js';

/** A customer that is on a plan from now on; returns the subscription's id. */
export async function newCustomer(
  gateway: TestGateway,
  id: string,
  plan: string,
  input: object = {},
): Promise<string> {
  await gateway.send(
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
    {
      input: { id },
    },
  );
  return (await subscribe(gateway, { customerId: id, plan, trial: false, ...input })).text(
    'subscribe.subscription.id',
  );
}

export function subscribe(gateway: TestGateway, input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: SubscribeInput!) { subscribe(input: $input) {
       revision subscription { id status trialEndsAt plan { key } planVersion { version } customer { id } } } }`,
    { input: { idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

export function changePlan(gateway: TestGateway, input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
       revision subscription { id status plan { key } scheduledChange { plan at } } } }`,
    { input: { idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

export function check(gateway: TestGateway, input: object): Promise<Answer> {
  return gateway.send(
    `query ($input: CheckInput!) { check(input: $input) {
       id allowed code message customerId feature value limit unlimited used reserved remaining resetsAt validUntil
       sources { kind id key } release revision asOf stale } }`,
    { input },
  );
}

export function consume(gateway: TestGateway, input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: ConsumeInput!) { consume(input: $input) {
       consumed replayed revision decision { id allowed code used remaining } } }`,
    { input: { idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

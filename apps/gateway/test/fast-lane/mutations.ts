import { newCustomer } from '../customers.js';
import type { TestGateway } from '../gateway.js';
import type { Body, Operation, Way } from './two-ways.js';

const CONSUME = `mutation Consume($input: ConsumeInput!) { consume(input: $input) {
  consumed replayed revision decision { allowed code message customerId used remaining sources { kind key } } } }`;
const CONSUME_MANY = `mutation Many($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { consumed replayed decision { code used } } }`;
const TWICE = `mutation Twice($a: ConsumeInput!, $b: ConsumeInput!) {
  first: consume(input: $a) { consumed decision { used } } second: consume(input: $b) { consumed decision { used } } }`;
const SUBSCRIBE = `mutation Sale($input: SubscribeInput!) { subscribe(input: $input) { revision subscription {
  status trialEndsAt plan { key } planVersion { version } customer { id usage(feature: "projects") { used limit } } addOns { addOn quantity } } } }`;
const UPSERT = `mutation Upsert($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision customer { id name attributes timeZone } } }`;
const KEY = `mutation Key($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { name role operations customerIds expiresAt } } }`;
const CHANGE = `mutation Change($input: ChangePlanInput!) { changePlan(input: $input) { subscription { plan { key } scheduledChange { plan } } } }`;
const CANCEL = `mutation Cancel($input: CancelInput!) { cancelSubscription(input: $input) { subscription { status } } }`;
const PAY = `mutation Pay($input: ReportPaymentInput!) { reportPayment(input: $input) { subscription { status graceEndsAt } } }`;
const ISSUE = `mutation Issue($input: IssueLicenseInput!) { issueLicense(input: $input) { license {
  status model machineLimit maintenanceUntil quantities { feature quantity } plan { key } planVersion { version } customer { id } } } }`;
const REVOKE = `mutation Revoke($id: ID!, $reason: String!) { revokeLicense(licenseId: $id, reason: $reason) { key license { status } } }`;

/** Each on a customer of its own for each way, so that one does not see what the other has written. */
export function mutations(gateway: () => TestGateway): Operation[] {
  let count = 0;
  const subscriptions = new Map<string, string>();

  function spends(
    name: string,
    document: string,
    variables: (customerId: string, key: string) => Body,
    again = 0,
  ): Operation {
    const id = `customer-${String(count++)}`;
    const send = (way: Way): Body => variables(`${id}-${way}`, `key-${id}-${way}`);
    return {
      name,
      document,
      variables: send,
      async before(way) {
        subscriptions.set(`${id}-${way}`, await newCustomer(gateway(), `${id}-${way}`, 'free'));
        for (let sent = 0; sent < again; sent++) await gateway().send(document, send(way));
      },
    };
  }
  const input =
    (fields: Body) =>
    (customerId: string, key: string): Body => ({
      input: { customerId, feature: 'api-calls', idempotencyKey: key, ...fields },
    });
  const of =
    (fields: Body) =>
    (customerId: string, key: string): Body => ({
      input: { subscriptionId: subscriptions.get(customerId), idempotencyKey: key, ...fields },
    });
  return [
    spends('consume', CONSUME, input({ quantity: 3 })),
    spends('consume the default quantity', CONSUME, input({})),
    spends('consume all there is', CONSUME, input({ quantity: 10 })),
    spends('consume more than there is', CONSUME, input({ quantity: 11 })),
    spends('consume again with the same key', CONSUME, input({ quantity: 4 }), 1),
    spends('consume again and again with the same key', CONSUME, input({ quantity: 4 }), 2),
    spends('consume nothing', CONSUME, input({ quantity: 0 })),
    spends('consume a wrong quantity', CONSUME, input({ quantity: 'x' })),
    spends('consume null', CONSUME, input({ quantity: null })),
    spends('consume without a key', CONSUME, input({ idempotencyKey: undefined })),
    spends('consume with an empty key', CONSUME, input({ idempotencyKey: '' })),
    spends('consume what is not in the plan', CONSUME, input({ feature: 'sso' })),
    spends('consume an unknown feature', CONSUME, input({ feature: 'no-such' })),
    spends('consume for nobody', CONSUME, input({ customerId: 'nobody' })),
    spends('consume with what is unknown', CONSUME, input({ other: 1 })),
    spends('consume without input', CONSUME, () => ({})),
    spends('consume many', CONSUME_MANY, (customerId, key) => ({
      inputs: [
        { customerId, feature: 'api-calls', quantity: 6, idempotencyKey: `${key}-1` },
        { customerId, feature: 'api-calls', quantity: 6, idempotencyKey: `${key}-2` },
        { customerId, feature: 'api-calls', quantity: 0, idempotencyKey: `${key}-3` },
        { customerId: '', feature: 'api-calls', idempotencyKey: `${key}-4` },
        { customerId, feature: 'api-calls', quantity: 4, idempotencyKey: `${key}-1` },
        { customerId, feature: 'api-calls', quantity: 4, idempotencyKey: `${key}-5` },
      ],
    })),
    spends(
      'consume many again',
      CONSUME_MANY,
      (customerId, key) => ({
        inputs: [{ customerId, feature: 'api-calls', quantity: 6, idempotencyKey: key }],
      }),
      1,
    ),
    spends('consume none of many', CONSUME_MANY, () => ({ inputs: [] })),
    spends('two spends in order', TWICE, (customerId, key) => ({
      a: { customerId, feature: 'api-calls', quantity: 6, idempotencyKey: `${key}-1` },
      b: { customerId, feature: 'api-calls', quantity: 3, idempotencyKey: `${key}-2` },
    })),
    spends('two spends, the first of which fails', TWICE, (customerId, key) => ({
      a: { customerId, feature: 'api-calls', quantity: 0, idempotencyKey: `${key}-1` },
      b: { customerId, feature: 'api-calls', quantity: 3, idempotencyKey: `${key}-2` },
    })),
    spends('subscribe', SUBSCRIBE, (customerId, key) => ({
      input: { customerId, plan: 'pro', idempotencyKey: key },
    })),
    spends('subscribe with an add-on', SUBSCRIBE, (customerId, key) => ({
      input: {
        customerId,
        plan: 'pro',
        trial: false,
        addOns: [{ addOn: 'more-calls' }],
        idempotencyKey: key,
      },
    })),
    spends(
      'subscribe again with the same key',
      SUBSCRIBE,
      (customerId, key) => ({ input: { customerId, plan: 'pro', idempotencyKey: key } }),
      1,
    ),
    spends('subscribe to nothing', SUBSCRIBE, (customerId, key) => ({
      input: { customerId, plan: 'no-such', idempotencyKey: key },
    })),
    spends('issue a licence', ISSUE, (customerId, key) => ({
      input: {
        ...{ customerId, plan: 'team', idempotencyKey: key },
        quantities: [{ feature: 'editors', quantity: 7 }],
      },
    })),
    spends('issue a licence with too many seats', ISSUE, (customerId, key) => ({
      input: {
        ...{ customerId, plan: 'team', idempotencyKey: key },
        quantities: [{ feature: 'editors', quantity: 501 }],
      },
    })),
    spends('issue a licence to nobody', ISSUE, (_, key) => ({
      input: { customerId: 'nobody', plan: 'team', idempotencyKey: key },
    })),
    spends('revoke no licence', REVOKE, () => ({ id: 'lic_none', reason: 'x' })),
    spends('revoke without a reason', REVOKE, () => ({ id: 'lic_none', reason: '' })),
    spends('upsert', UPSERT, (id) => ({
      input: { id, name: 'A "name"\n', attributes: { a: [1, null] }, timeZone: 'Europe/Berlin' },
    })),
    spends('upsert with nulls', UPSERT, (id) => ({ input: { id, name: null } })),
    spends('upsert in no time zone', UPSERT, (id) => ({ input: { id, timeZone: 'Mars/Base' } })),
    spends('upsert attributes that are none', UPSERT, (id) => ({ input: { id, attributes: [] } })),
    spends('a key', KEY, (id, key) => ({
      input: {
        name: id,
        role: 'READER',
        operations: ['check'],
        expiresAt: '2099-01-01T00:00:00Z',
        idempotencyKey: key,
      },
    })),
    spends(
      'a key again',
      KEY,
      (id, key) => ({ input: { name: id, role: 'READER', idempotencyKey: key } }),
      1,
    ),
    spends('a key of no role', KEY, (id, key) => ({
      input: { name: id, role: 'KING', idempotencyKey: key },
    })),
    spends('change the plan', CHANGE, of({ plan: 'pro' })),
    spends('change the plan when it cannot be', CHANGE, of({ plan: 'pro', timing: 'AT' })),
    spends('change the plan at no known time', CHANGE, of({ plan: 'pro', timing: 'LATER' })),
    spends('change to nothing', CHANGE, of({ plan: 'no-such' })),
    spends('cancel', CANCEL, (customerId) => ({
      input: { subscriptionId: subscriptions.get(customerId), timing: 'NOW' },
    })),
    spends(
      'cancel twice',
      CANCEL,
      (customerId) => ({ input: { subscriptionId: subscriptions.get(customerId), timing: 'NOW' } }),
      1,
    ),
    spends('cancel what is not there', CANCEL, () => ({ input: { subscriptionId: 'sub_nothing' } })),
    spends('a failed payment', PAY, of({ outcome: 'FAILED' })),
    spends('a payment of no known outcome', PAY, of({ outcome: 'MAYBE' })),
  ];
}

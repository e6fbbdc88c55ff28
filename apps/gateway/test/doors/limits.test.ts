import { newCustomer } from '../customers.js';
import { startTestGateway } from '../gateway.js';
import { post } from './door.js';

const FLAG = { context: { targetingKey: 'ada' } };
const EVALUATION = {
  subject: { type: 'customer', id: 'ada' },
  action: { name: 'use' },
  resource: { type: 'feature', id: 'sso' },
};

test('what limits GraphQL limits the doors: wrong licence keys, counted together, are answered by 429 and when to come again', async () => {
  const elsewhere = await startTestGateway();
  await newCustomer(elsewhere, 'ada', 'pro');
  const issued = await elsewhere.send(
    'mutation { issueLicense(input: { customerId: "ada", plan: "boxed", idempotencyKey: "l" }) { key } }',
  );
  // Of the right form, and of nothing that is here.
  const key = issued.text('issueLicense.key');
  await elsewhere.close();
  const gateway = await startTestGateway({ guesses: { ofAddress: 2, ofNetwork: 1000, ofTenant: 1000 } });
  expect((await post(gateway, '/ofrep/v1/evaluate/flags/sso', FLAG, { key })).status).toBe(401);
  expect((await post(gateway, '/access/v1/evaluation', EVALUATION, { key })).status).toBe(401);
  const flag = await post(gateway, '/ofrep/v1/evaluate/flags/sso', FLAG, { key });
  const evaluation = await post(gateway, '/access/v1/evaluation', EVALUATION, { key });
  expect(flag).toMatchObject({ status: 429, body: { key: 'sso', errorCode: 'GENERAL' } });
  expect(evaluation).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  for (const { headers } of [flag, evaluation])
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  await gateway.close();
});

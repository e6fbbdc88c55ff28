/** LaunchDarkly's SDK on local data: one boolean rule for each feature, no events, nothing on the network. */
import { init, integrations, type LDContext } from '@launchdarkly/node-server-sdk';
import { serve } from './measure.js';
import { CUSTOMERS, FEATURES, LIMIT, usedBy } from './questions.js';

async function main(): Promise<void> {
  const data = new integrations.TestData();
  for (const feature of FEATURES)
    await data.update(
      data
        .flag(feature)
        .booleanFlag()
        .fallthroughVariation(false)
        .ifMatch('user', 'plan', 'business')
        .thenReturn(true),
    );
  const client = init('sdk-benchmark', {
    updateProcessor: data.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
  });
  await client.waitForInitialization({ timeout: 10 });
  const contexts = new Map<string, LDContext>(
    CUSTOMERS.map((key, place) => [
      key,
      { kind: 'user', key, plan: usedBy(place) < LIMIT ? 'business' : 'starter' },
    ]),
  );
  serve({
    async pass(questions) {
      let sum = 0;
      for (const { customer, feature } of questions) {
        const context = contexts.get(customer);
        if (context === undefined) throw new Error('a question about nobody');
        if (await client.boolVariation(feature, context, false)) sum += 1;
      }
      return sum;
    },
    worth: (used) => (used < LIMIT ? 1 : 0),
  });
}

void main();

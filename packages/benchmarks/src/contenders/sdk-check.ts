/** The SDK's check: the client of the customer is looked up by id, and is asked for units of a metered feature. */
import { type Client, createClient } from '@licet/sdk';
import { serve } from './measure.js';
import { LIMIT } from './questions.js';
import { gatewayOf, signedSnapshot } from './signed-snapshot.js';
import { inSeconds, statesAt } from './states.js';

async function main(): Promise<void> {
  const now = inSeconds(Date.now());
  const clients = new Map<string, Client>();
  for (const [customerId, state] of statesAt(now)) {
    const client = createClient({
      ...{ url: 'http://gateway.test', apiKey: 'benchmark', customerId, live: false },
      fetch: gatewayOf(signedSnapshot(state, now)),
    });
    await client.ready;
    clients.set(customerId, client);
  }
  serve({
    pass(questions) {
      let sum = 0;
      for (const { customer, feature, quantity } of questions) {
        const client = clients.get(customer);
        if (client === undefined) throw new Error('a question about nobody');
        const answer = client.check(feature, { quantity });
        sum += answer.allowed ? (answer.remaining ?? 0) : -1;
      }
      return sum;
    },
    worth: (used, quantity) => (used + quantity <= LIMIT ? LIMIT - used : -1),
  });
}

void main();

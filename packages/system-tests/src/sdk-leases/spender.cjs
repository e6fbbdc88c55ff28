/**
 * A process that spends by the SDK, from quota leases, one spend after the other, until it has asked often enough; it may be killed at any
 * time. Each spend is told when it is done. At the end it closes its client, and hands in what was an error.
 */
const { setTimeout: delay } = require('node:timers/promises');
const { randomNumbers } = require('../crash/random.cjs');

const MOST_UNITS = 3;
const MOST_PAUSE_MS = 60;

process.once('message', async ({ seed, url, apiKey, customerId, feature, spends, lease }) => {
  const { createClient } = await import('@licet/sdk');
  const random = randomNumbers(seed);
  const errors = [];
  const leases = { [feature]: lease };
  const client = createClient({ url, apiKey, customerId, live: false, leases });
  await client.ready;
  for (let asked = 0; asked < spends; asked += 1) {
    try {
      const { consumed, source } = await client.consume(feature, { quantity: 1 + random(MOST_UNITS) });
      process.send({ consumed, source });
    } catch (error) {
      errors.push(String(error));
    }
    await delay(random(MOST_PAUSE_MS));
  }
  await client.close();
  process.send({ errors }, () => process.disconnect());
});

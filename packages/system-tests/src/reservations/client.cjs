/**
 * A client process: so many callers at once, each of whom reserves a few times and then commits all or a part, releases,
 * forgets, or commits when it is too late. It sends back what was granted, and every answer that was an error.
 */
const { setTimeout: delay } = require('node:timers/promises');
const { asker } = require('../ask.cjs');
const { randomNumbers } = require('../crash/random.cjs');

const RESERVE = `mutation ($input: ReserveInput!) { answer: reserve(input: $input) {
  reservation { id quantity } decision { allowed } } }`;
const COMMIT = `mutation ($id: ID!, $quantity: Quantity) { answer: commitReservation(reservationId: $id, quantity: $quantity) {
  consumed decision { allowed } } }`;
const RELEASE =
  'mutation ($id: ID!) { answer: releaseReservation(reservationId: $id) { decision { allowed } } }';

const LONG = 'PT1H';
const SHORT = 'PT0.1S';
const UNTIL_LATE_MS = 150;
const MOST_PAUSE_MS = 200;
/** By how many of eight callers do so. */
const FATES = ['commit', 'commit', 'commit', 'part', 'part', 'release', 'forget', 'late'];

process.once('message', async ({ name, seed, urls, apiKey, customerId, feature, callers, rounds }) => {
  const random = randomNumbers(seed);
  const done = { reserved: 0, committed: 0, errors: [] };
  const ask = asker({ urls, apiKey }, random, done.errors);

  async function reserve(idempotencyKey) {
    const fate = FATES[random(FATES.length)];
    const ttl = fate === 'forget' || fate === 'late' ? SHORT : LONG;
    const input = { customerId, feature, quantity: 1 + random(3), ttl, idempotencyKey };
    const { reservation } = (await ask(RESERVE, { input })) ?? {};
    if (!reservation) return;
    done.reserved += 1;
    await settle(reservation, fate);
  }

  async function settle({ id, quantity }, fate) {
    if (fate === 'forget') return;
    if (fate === 'release') return ask(RELEASE, { id });
    if (fate === 'late') await delay(UNTIL_LATE_MS);
    const part = fate === 'part' ? random(quantity + 1) : null;
    const answer = await ask(COMMIT, { id, quantity: part });
    if (answer?.decision.allowed) done.committed += answer.consumed;
  }

  const caller = async (_, index) => {
    for (let round = 0; round < rounds; round += 1) {
      // Not all in one batch.
      await delay(random(MOST_PAUSE_MS));
      await reserve(`${name}-${index}-${round}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  process.send(done, () => process.disconnect());
});

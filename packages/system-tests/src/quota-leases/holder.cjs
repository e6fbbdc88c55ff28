/**
 * A client process that spends from quota leases without asking: it takes one, spends of it, one unit after the other,
 * and returns it, returns it when it is over, or forgets it. Each lease, unit and return is told at once: it may be killed
 * at any time. At the end it hands in every answer that was an error.
 */
const { setTimeout: delay } = require('node:timers/promises');
const { asker } = require('../ask.cjs');
const { randomNumbers } = require('../crash/random.cjs');

const LEASE = `mutation ($input: LeaseQuotaInput!) { answer: leaseQuota(input: $input) {
  lease { id quantity expiresAt } decision { code } } }`;
const RETURN = `mutation ($id: ID!, $spent: Quantity!) { answer: returnQuota(leaseId: $id, spent: $spent) {
  decision { allowed } } }`;

const TTLS = ['PT1S', 'PT2S'];
/** By how many of five leases do so. */
const FATES = ['return', 'return', 'return', 'late', 'forget'];
const MOST_WANTED = 8;
const MOST_PAUSE_MS = 150;
const UNTIL_LATE_MS = 50;

process.once('message', async ({ name, seed, urls, apiKey, customerId, feature, rounds }) => {
  const random = randomNumbers(seed);
  const errors = [];
  const ask = asker({ urls, apiKey }, random, errors);
  const tell = (told) => process.send(told);
  const isOver = ({ expiresAt }) => Date.now() >= Date.parse(expiresAt);

  async function hold(lease) {
    tell({ leased: lease.id, quantity: lease.quantity });
    let spent = 0;
    for (const wanted = random(lease.quantity + 1); spent < wanted && !isOver(lease); spent += 1) {
      tell({ spentOf: lease.id });
      await delay(random(MOST_PAUSE_MS));
    }
    const fate = FATES[random(FATES.length)];
    if (fate === 'forget') return;
    if (fate === 'late') await delay(Math.max(0, Date.parse(lease.expiresAt) - Date.now()) + UNTIL_LATE_MS);
    if ((await ask(RETURN, { id: lease.id, spent }))?.decision.allowed) tell({ returned: lease.id });
  }

  for (let round = 0; round < rounds; round += 1) {
    await delay(random(MOST_PAUSE_MS));
    const input = { customerId, feature, quantity: 1 + random(MOST_WANTED), ttl: TTLS[random(TTLS.length)] };
    const answer = await ask(LEASE, { input: { ...input, idempotencyKey: `${name}-${round}` } });
    if (answer?.lease) await hold(answer.lease);
  }
  process.send({ errors }, () => process.disconnect());
});

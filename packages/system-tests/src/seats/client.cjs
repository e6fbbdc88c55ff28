/**
 * A client process: so many callers at once, each a member who asks for a seat a few times, and between that renews it, gives
 * it back, or leaves it to itself. It sends back how often it was granted one, and every answer that was an error.
 */
const { setTimeout: delay } = require('node:timers/promises');
const { asker } = require('../ask.cjs');
const { randomNumbers } = require('../crash/random.cjs');

const ASK = {
  NAMED: 'mutation ($input: SeatInput!) { answer: assignSeat(input: $input) { decision { allowed code } } }',
  FLOATING:
    'mutation ($input: LeaseSeatInput!) { answer: leaseSeat(input: $input) { decision { allowed code } } }',
};
const GIVE_BACK =
  'mutation ($input: SeatInput!) { answer: releaseSeat(input: $input) { decision { allowed code } } }';

const MOST_PAUSE_MS = 300;
/** By how many of six callers do so. */
const FATES = ['keep', 'keep', 'renew', 'renew', 'give back', 'give back'];

process.once('message', async ({ name, seed, urls, apiKey, customerId, feature, kind, callers, rounds }) => {
  const random = randomNumbers(seed);
  const done = { granted: 0, denied: 0, codes: [], errors: [] };
  const ask = asker({ urls, apiKey }, random, done.errors);
  const codes = new Set();

  const caller = async (_, index) => {
    const member = { customerId, feature, memberId: `${name}-${index}` };
    for (let round = 0; round < rounds; round += 1) {
      // Not all in one batch.
      await delay(random(MOST_PAUSE_MS));
      const answer = await ask(ASK[kind], { input: member });
      if (!answer) continue;
      codes.add(answer.decision.code);
      if (!answer.decision.allowed) {
        done.denied += 1;
        continue;
      }
      done.granted += 1;
      const fate = FATES[random(FATES.length)];
      if (fate === 'renew') await ask(ASK[kind], { input: member });
      if (fate === 'give back') await ask(GIVE_BACK, { input: member });
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  process.send({ ...done, codes: [...codes] }, () => process.disconnect());
});

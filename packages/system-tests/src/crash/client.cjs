/**
 * A client process under crashes: lanes that spend, give back or change plans without end, each operation under a key
 * of its own and asked again with that key until its outcome is known. It keeps every answer and hands them in when
 * it is told to finish.
 */
const { setTimeout: delay } = require('node:timers/promises');
const { randomNumbers } = require('./random.cjs');

const SPEND = `mutation ($input: ConsumeInput!) { answer: consume(input: $input) {
  consumed replayed revision decision { allowed code } } }`;
const GIVE_BACK = SPEND.replace('ConsumeInput', 'ReleaseUsageInput').replace('consume(', 'releaseUsage(');
const CHANGE = 'mutation ($input: ChangePlanInput!) { answer: changePlan(input: $input) { revision } }';
const AGAIN_AFTER_MS = 20;

// Who is to hand in nothing is not needed any more.
process.once('disconnect', () => process.exit());

const answers = [];
let tries = 0;
let finishing = false;

process.once('message', (task) => {
  const random = randomNumbers(task.seed);
  const lanes = Array.from({ length: task.lanes }, (_, lane) =>
    spendOn(task, `${task.name}-${lane}`, random),
  );
  const planner = task.subscriptions.map((subscription) => changeOn(task, subscription, random));
  process.on('message', () => (finishing = true));
  const told = setInterval(() => process.send({ answered: answers.length }), 20);
  Promise.all([...lanes, ...planner]).then(() => {
    clearInterval(told);
    process.send({ answers, tries }, () => process.disconnect());
  });
});

async function spendOn(task, lane, random) {
  for (let number = 0; !finishing; number += 1) {
    const idempotencyKey = `${lane}-${number}`;
    const customerId = task.customers[random(task.customers.length)];
    const [kind, feature, quantity] = [
      ['consume', 'calls', 1 + random(3)],
      ['consume', 'projects', 1 + random(5)],
      ['release', 'projects', 1 + random(5)],
    ][random(3)];
    const query = kind === 'consume' ? SPEND : GIVE_BACK;
    const input = { customerId, feature, quantity, idempotencyKey };
    const ask = () => answerTo(task, query, input, random);
    // Some are sent twice at once: only one of them may count.
    const given = await Promise.all(random(8) === 0 ? [ask(), ask()] : [ask()]);
    answers.push({ key: idempotencyKey, kind, input, given });
  }
}

async function changeOn(task, { id, customerId }, random) {
  for (let number = 0; !finishing; number += 1) {
    await delay(random(300));
    const idempotencyKey = `${id}-${number}`;
    const plan = number % 2 === 0 ? 'free' : 'pro';
    const input = { subscriptionId: id, plan, timing: 'NOW', idempotencyKey };
    const given = [await answerTo(task, CHANGE, input, random)];
    answers.push({ key: idempotencyKey, kind: 'change', input: { ...input, customerId }, given });
  }
}

/** Asks one gateway or another until it is known what became of the operation. */
async function answerTo({ urls, apiKey }, query, input, random) {
  for (let sent = 1; ; sent += 1) {
    tries += 1;
    const body = await ask(urls[random(urls.length)], apiKey, { query, variables: { input } });
    const error = body?.errors?.[0]?.extensions;
    const isOpen =
      body === null ||
      ['UNAVAILABLE', 'RATE_LIMITED'].includes(error?.code) ||
      body.data?.answer?.decision?.code === 'UNAVAILABLE';
    if (!isOpen) return error ? { sent, error: body.errors[0] } : { sent, ...body.data.answer };
    await delay(AGAIN_AFTER_MS);
  }
}

/** Null where no answer came. */
async function ask(url, apiKey, body) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    return await response.json();
  } catch {
    return null;
  }
}

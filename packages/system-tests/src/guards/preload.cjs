/**
 * Loaded into a gateway or worker by `node --require`: takes one guard away (BREAK_GUARD), or makes a race certain, by
 * waiting at one statement (SLOW_STATEMENT=<name>:<milliseconds>) or by keeping back the first answer to one until it
 * is told to let go (HELD_STATEMENT=<name>). The product itself has no such switches.
 */
const { Client } = require('pg');
const { BEGIN_WITH, REWRITES, SERVER_OPTIONS } = require('./statements.cjs');
const { replaceFunctions } = require('./functions.cjs');

const BREAK = process.env.BREAK_GUARD ?? '';
const [slowStatement = '', slowMs = '0', slowSide = 'server'] = (process.env.SLOW_STATEMENT ?? '').split(':');
const isWorker = process.argv[1]?.includes('worker') ?? false;
let heldStatement = process.env.HELD_STATEMENT ?? '';
/** Whether the first poll, which a start waits for, has been. */
let hasPolled = false;
/** By connection: what its next statements wait for. */
const gates = new WeakMap();

if (SERVER_OPTIONS[BREAK]) process.env.PGOPTIONS = SERVER_OPTIONS[BREAK];
replaceFunctions(BREAK);

const send = Client.prototype.query;

Client.prototype.query = function query(statement, ...rest) {
  const gate = gates.get(this);
  if (gate) return gate.then(() => this.query(statement, ...rest));
  const name = statement?.name ?? '';
  const rewrite = REWRITES[BREAK]?.[name];
  if (rewrite) statement.text = rewrite(statement.text);
  if (BEGIN_WITH[BREAK] && typeof statement === 'string' && /^begin/.test(statement)) {
    return send.call(this, `${statement}; ${BEGIN_WITH[BREAK]}`, ...rest);
  }
  // Nobody looks again unless a signal says so.
  if (BREAK === 'poll' && name === 'log-ends') {
    if (hasPolled) return new Promise(() => undefined);
    hasPolled = true;
  }
  // The caller goes on as if it were durable; what it has written is sent to be committed later.
  if (BREAK === 'answer-after-commit' && statement === 'commit') {
    const committed = wait(50).then(() => {
      gates.delete(this);
      return send.call(this, 'commit');
    });
    gates.set(
      this,
      committed.catch(() => undefined),
    );
    return Promise.resolve({ command: 'COMMIT', rows: [] });
  }
  // A worker's effects and events in transactions of their own.
  if (BREAK === 'claim-apart' && isWorker && name === 'lock-log-head') {
    const apart = `commit; begin; set local app.tenant = '${statement.values[0]}'; select pg_sleep(0.2)`;
    // Where it fails, so does what comes behind it.
    send.call(this, apart).catch(() => undefined);
  }
  if (name !== '' && name === heldStatement) {
    heldStatement = '';
    const done = rest.at(-1);
    // A pool asks by callback.
    if (typeof done !== 'function') return send.call(this, statement, ...rest).then(held);
    const kept = (error, result) => (error ? done(error) : held(result).then(() => done(null, result)));
    return send.call(this, statement, ...rest.slice(0, -1), kept);
  }
  if (name !== '' && name === slowStatement) {
    // Where it fails, so does what comes behind it.
    if (slowSide === 'server')
      send.call(this, `select pg_sleep(${Number(slowMs) / 1000})`).catch(() => undefined);
    else return send.call(this, statement, ...rest).then((result) => wait(Number(slowMs)).then(() => result));
  }
  return send.call(this, statement, ...rest);
};

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function held(result) {
  const letGo = new Promise((resolve) => process.on('message', (told) => told === 'let go' && resolve()));
  process.send('held');
  await letGo;
  return result;
}

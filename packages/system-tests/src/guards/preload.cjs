/**
 * Loaded into a gateway or worker by `node --require`: takes one guard away (BREAK_GUARD), or makes a race certain
 * by waiting at one statement (SLOW_STATEMENT=<name>:<milliseconds>), by rewriting what goes to Postgres. The
 * product itself has no such switches.
 */
const { Client } = require('pg');

const BREAK = process.env.BREAK_GUARD ?? '';
const [slowStatement = '', slowMs = '0', slowSide = 'server'] = (process.env.SLOW_STATEMENT ?? '').split(':');

const send = Client.prototype.query;

/** How each guard is taken away: by the statement's name, its text as it is sent instead. */
const REWRITES = {
  'meter-lock': { 'lock-meters': (text) => text.replace('for update of m', '') },
  'operation-key': {
    'insert-spends': (text) => `${text} on conflict do nothing`,
  },
  'limit-in-row': {
    'lock-meters-of': () => 'select 1 where $1::uuid is null and $2::text[] is null',
    'update-meters': () => 'select 1 where $1::uuid is null and $2::jsonb is null',
  },
  'rules-at-commit': {
    'lock-log-head-of-release': () => 'select $2::int from log_head where tenant_id = $1 for update',
  },
  'publication-lock': {
    'lock-releases': (text) => text.replace('for no key update', ''),
  },
  'assert-rules': {
    'assert-rules': () => 'select 1 where $1::uuid is null and $2::int is null',
  },
  'customer-lock': {
    'lock-customers': (text) => text.replace('for update', ''),
    'lock-meters-of': () => 'select 1 where $1::uuid is null and $2::text[] is null',
  },
};

Client.prototype.query = function query(statement, ...rest) {
  const name = statement?.name ?? '';
  const rewrite = REWRITES[BREAK]?.[name];
  if (rewrite) statement.text = rewrite(statement.text);
  if (BREAK === 'frozen-timeout' && typeof statement === 'string' && /^begin/.test(statement)) {
    return send.call(this, `${statement}; set local idle_in_transaction_session_timeout = 0`, ...rest);
  }
  // Effects and events in transactions of their own.
  if (BREAK === 'claim-apart' && name === 'lock-log-head') {
    void send.call(
      this,
      `commit; begin; set local app.tenant = '${statement.values[0]}'; select pg_sleep(0.05)`,
    );
  }
  if (name !== '' && name === slowStatement) {
    if (slowSide === 'server') void send.call(this, `select pg_sleep(${Number(slowMs) / 1000})`);
    else return send.call(this, statement, ...rest).then((result) => wait(Number(slowMs)).then(() => result));
  }
  return send.call(this, statement, ...rest);
};

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

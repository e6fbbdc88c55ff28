/** How guards are taken away on their way to the server. */

/** By guard and the statement's name: its text as it is sent instead. */
exports.REWRITES = {
  'meter-lock': { 'lock-meters': (text) => text.replace('for update of m', '') },
  'operation-key': {
    'insert-spends': (text) => `${text} on conflict do nothing`,
  },
  'limit-in-row': {
    'lock-meters-of': () => 'select 1 where $1::uuid is null and $2::text[] is null',
    'update-meters': (text) => text.replace('where m.tenant_id = $1', 'where false and m.tenant_id = $1'),
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

/** By guard: what each transaction begins with. */
exports.BEGIN_WITH = {
  'frozen-timeout': 'set local idle_in_transaction_session_timeout = 0',
};

/** By guard: settings of every connection. */
exports.SERVER_OPTIONS = {
  'durable-commit': '-c synchronous_commit=off',
};

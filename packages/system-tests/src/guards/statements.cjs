/** How guards are taken away on their way to the server. */

/** By guard and the statement's name: its text as it is sent instead. */
exports.REWRITES = {
  'meter-lock': { 'lock-meters': (text) => text.replace('for update of m', '') },
  'operation-key': {
    'insert-spends': (text) => `${text} on conflict do nothing`,
  },
  /** A reservation is settled once: by its status, read after the counter's lock, its key, and its update's own count. */
  'settled-once': {
    'read-reservations': (text) => text.replace(' status,', ` 'OPEN' as status,`),
    'insert-spends': (text) => `${text} on conflict do nothing`,
    'settle-reservations': (text) => text.replace(/select assert_count.*$/, 'select $4::int'),
  },
  /** What has expired holds nothing any more: its commit is decided anew. */
  'late-anew': {
    'read-reservations': (text) =>
      text.replace(' status,', ` case status when 'EXPIRED' then 'OPEN' else status end as status,`),
  },
  /** Units that are held count against the limit. */
  'held-counted': {
    'lock-meters': (text) => text.replace('json_agg(reserved)', 'json_agg(0)'),
  },
  /** What time has freed is written down before anything is decided. */
  'frees-first': {
    'lock-meters': (text) => text.replace(/json_agg\(.*\) filter \(where held_until is not null\)/, 'null'),
  },
  /** What a spend takes from credit blocks is written together with the counter. */
  'blocks-with-spend': {
    'write-credit-blocks': (text) => text.replace('where b.tenant_id', 'where false and b.tenant_id'),
  },
  /** A pool is in one batch at a time: by the lock of its customer, whose due times it sets, and by that of its counter. */
  'pool-locks': {
    'lock-customers': (text) => text.replace('for update', ''),
    'lock-meters': (text) => text.replace('for update of m', ''),
  },
  /** What a member has is read after the lock of the pool's counter. */
  'seat-rows': {
    'read-seats': (text) => text.replaceAll('s.tenant_id = $1', 'false and s.tenant_id = $1'),
  },
  /** A seat that was taken is counted in its pool, in the same write. */
  'seats-counted': {
    'write-counters': (text) => text.replace('set used = r.used', 'set used = least(m.used, r.used)'),
    'write-holding-counters': (text) => text.replace('set used = r.used', 'set used = least(m.used, r.used)'),
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

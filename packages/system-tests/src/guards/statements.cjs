/** How guards are taken away on their way to the server. */

const COUNTER_NAME = `m.customer_id || ' ' || m.feature`;

function writtenByName(text) {
  return text.replace('$2::tid[]', '$2::text[]').replace('m.ctid = r.row_id', `${COUNTER_NAME} = r.row_id`);
}

/** Counters are locked, and written where the lock has found them: moved since, they are not found. */
const METER_LOCK = {
  'lock-meters': (text) =>
    text.replace('for update of m', '').replace('m.ctid as row_id', `${COUNTER_NAME} as row_id`),
  'write-counters': writtenByName,
  'write-whole-counters': writtenByName,
};

/** By guard and the statement's name: its text as it is sent instead. */
exports.REWRITES = {
  'meter-lock': METER_LOCK,
  'operation-key': {
    'insert-spends': (text) => `${text} on conflict do nothing`,
  },
  /** A reservation is settled once: its row, read after the counter's lock, goes with its settlement, whose key is used once. */
  'settled-once': {
    'insert-spends': (text) => `${text} on conflict do nothing`,
    'settle-reservations': () => 'select $1::uuid, $2::text, $3::text[], $4::int',
  },
  /** What has expired holds nothing any more: its commit is decided anew. */
  'late-anew': {
    'read-reservations': (text) =>
      text.replace(' status,', ` case status when 'EXPIRED' then 'OPEN' else status end as status,`),
    'settle-reservations': (text) => text.replace('status = $2', '$2::text is not null'),
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
    ...METER_LOCK,
  },
  /** What a member has is read after the lock of the pool's counter. */
  'seat-rows': {
    'read-seats': (text) => text.replaceAll('s.tenant_id = $1', 'false and s.tenant_id = $1'),
  },
  /** A seat that was taken is counted in its pool, in the same write. */
  'seats-counted': {
    'write-counters': (text) => text.replace('set used = r.used', 'set used = least(m.used, r.used)'),
    'write-whole-counters': (text) => text.replace('set used = r.used', 'set used = least(m.used, r.used)'),
  },
  /** The key of a flush of decisions names the gateway and its number, whoever sends it, and how often. */
  'recorded-once': {
    'write-decisions': (text) => text.replace('::date, gateway_id', '::date, gen_random_uuid()'),
  },
  /** A tenant's decisions are rolled up by who holds its row. */
  'roll-claim': {
    'claim-roll': (text) => text.replace('for update skip locked', ''),
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
  /** Number and position of a customer's snapshots rise one after the other. */
  'snapshot-counter': {
    'lock-snapshot-counter': (text) => text.replace(' for update', ''),
  },
  /** Files that are out count against what the licence allows. */
  'files-counted': {
    'license-files-out': (text) => text.replace('where', 'where false and'),
  },
  /** A file that was settled is so for whoever asks again. */
  'file-settled-once': {
    'license-file': (text) =>
      text.replace('settled_at, spent', 'null::timestamptz as settled_at, null::jsonb as spent'),
  },
  'signing-key-lock': {
    'lock-signing-keys': (text) => text.replace('for no key update', ''),
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

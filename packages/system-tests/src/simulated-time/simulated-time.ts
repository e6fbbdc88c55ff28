import { mkdtemp, chmod, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';

/**
 * A present that stands still until it is moved. One file holds it, and both the database's clock and the gateways'
 * monotonic clock read that file, so that they turn together.
 */
export interface SimulatedTime {
  /** Of the file, for `ProgramOptions.simulatedPresent`. */
  readonly file: string;
  /** Milliseconds since the epoch. */
  set(now: number): Promise<void>;
  remove(): Promise<void>;
}

/** Puts the simulated present in the place of the clock, in a database that nobody has connected to yet. */
export async function simulateTime(databaseUrl: string, now: number): Promise<SimulatedTime> {
  const folder = await mkdtemp(path.join(tmpdir(), 'licet-present-'));
  // The server may run as another account.
  await chmod(folder, 0o755);
  const file = path.join(folder, 'present');
  const set = async (instant: number): Promise<void> => {
    await writeFile(`${file}.next`, String(instant), { mode: 0o644 });
    await rename(`${file}.next`, file);
  };
  await set(now);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(clockOf(file));
  } finally {
    await client.end();
  }
  return { file, set, remove: () => rm(folder, { recursive: true }) };
}

/**
 * A `clock_timestamp()` that is found before PostgreSQL's own: by every session, by the functions that have a search
 * path of their own, and by the defaults of columns. The fifth of a millisecond keeps what is counted in fractions of
 * a second on the right side of a whole millisecond.
 */
function clockOf(file: string): string {
  return `
    create schema simulated;
    grant usage on schema simulated to public;
    create function simulated.clock_timestamp() returns timestamptz
    language sql volatile security definer set search_path = pg_catalog as $clock$
      select timestamptz 'epoch' + (pg_read_file('${file}') || ' milliseconds')::interval + interval '200 microseconds'
    $clock$;
    do $$
    declare row record;
    begin
      execute format('alter database %I set search_path = simulated, pg_catalog, public', current_database());
      for row in select oid::regprocedure as name from pg_proc
                 where array_to_string(proconfig, ' ') like '%search_path%' and pronamespace = 'public'::regnamespace loop
        execute format('alter function %s set search_path = simulated, pg_catalog, public', row.name);
      end loop;
      for row in select a.attrelid::regclass as relation, a.attname as name from pg_attrdef d
                 join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
                 where pg_get_expr(d.adbin, d.adrelid) like '%clock_timestamp()%' loop
        execute format('alter table %s alter %I set default simulated.clock_timestamp()', row.relation, row.name);
      end loop;
    end $$;`;
}

/** The least that tells another process of a commit: one row and one NOTIFY, in one message to the server. */
import { Pool } from 'pg';
import { type ChangeOrder, type Made, machineClock, parseChangeOrder } from '../load/live.js';
import { atPace } from '../load/pace.js';
import { announce, answerParent } from '../processes/answers.js';

const CONNECTIONS = 10;

/** By its URL. Kept, as our own changer keeps its connections. */
const pools = new Map<string, Pool>();

async function poolOf(url: string): Promise<Pool> {
  const known = pools.get(url);
  if (known) return known;
  // As many as our own pools hold: a commit that takes long holds none of the next up.
  const pool = new Pool({ connectionString: url, max: CONNECTIONS, idleTimeoutMillis: 0 });
  pools.set(url, pool);
  await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.query('select 1')));
  return pool;
}

async function change({ url, perSecond, seconds, run }: ChangeOrder): Promise<Made> {
  const pool = await poolOf(url);
  return atPace(perSecond, seconds, async (index) => {
    const id = `${String(run)} ${String(index)}`;
    const calledAt = machineClock();
    await pool.query(`begin; insert into change (id) values ('${id}'); notify change, '${id}'; commit`);
    return { id, calledAt, committedAt: machineClock() };
  });
}

answerParent({ change: (input) => change(parseChangeOrder(input)) });
announce();

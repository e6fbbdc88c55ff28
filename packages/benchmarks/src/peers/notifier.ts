/** The least that tells another process of a commit: one row and one NOTIFY, in one message to the server. */
import { Client } from 'pg';
import { type ChangeOrder, type Made, machineClock, parseChangeOrder } from '../load/live.js';
import { atPace } from '../load/pace.js';
import { announce, answerParent } from '../processes/answers.js';

async function change({ url, perSecond, seconds, run }: ChangeOrder): Promise<Made> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await atPace(perSecond, seconds, async (index) => {
      const id = `${String(run)} ${String(index)}`;
      const calledAt = machineClock();
      await client.query(`begin; insert into change (id) values ('${id}'); notify change, '${id}'; commit`);
      return { id, calledAt, committedAt: machineClock() };
    });
  } finally {
    await client.end();
  }
}

answerParent({ change: (input) => change(parseChangeOrder(input)) });
announce();

import { randomBytes } from 'node:crypto';
import { readEnvironment } from './environment.js';

const DATABASE_URL = 'postgres://owner:secret@127.0.0.1:5432/licet';

test('a database is enough; without a master key it says that a development key stands in', () => {
  expect(readEnvironment({ DATABASE_URL })).toMatchObject({
    databaseUrl: DATABASE_URL,
    developmentKey: true,
    logLevel: 'info',
  });
  expect(readEnvironment({ DATABASE_URL }).nats).toBeNull();
  expect(readEnvironment({ DATABASE_URL, NATS_URL: 'nats://one:4222' }).nats).toEqual({
    servers: ['one:4222'],
  });
  const key = randomBytes(32).toString('base64');
  expect(readEnvironment({ DATABASE_URL, LICET_MASTER_KEY: key })).toMatchObject({ developmentKey: false });
});

test('all problems are told at once, and no password is repeated', () => {
  const read = (): unknown =>
    readEnvironment({
      DATABASE_URL: 'mysql://root:secret@db',
      LICET_MASTER_KEY: 'short',
      LOG_LEVEL: 'loud',
      NATS_URL: 'http://u:secret@nats',
    });
  expect(read).toThrow(/DATABASE_URL[\s\S]*LOG_LEVEL[\s\S]*NATS_URL[\s\S]*LICET_MASTER_KEY/);
  expect(read).not.toThrow(/secret/);
});

import { DatabaseError } from 'pg';
import { createLog } from './log.js';

function logged(fields: object): unknown {
  const lines: string[] = [];
  createLog('info', { write: (line: string) => lines.push(line) }).warn(fields, 'it went wrong');
  return JSON.parse(lines.join(''));
}

test('an error is logged by its message, code, stack and cause, and takes no connection along', () => {
  const lost = Object.assign(new DatabaseError('the database system is shutting down', 0, 'error'), {
    code: '57P03',
    client: { user: 'owner', host: 'db', parsedStatements: {} },
  });
  const error = new Error('nothing could be done', { cause: lost });
  const line = logged({ error, tenantId: 'a tenant' });
  expect(line).toMatchObject({
    msg: 'it went wrong',
    tenantId: 'a tenant',
    error: {
      message: 'nothing could be done',
      cause: { message: 'the database system is shutting down', code: '57P03' },
    },
  });
  expect(JSON.stringify(line)).toContain('log.test');
  expect(JSON.stringify(line)).not.toContain('parsedStatements');
});

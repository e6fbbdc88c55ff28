import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectionTo, findClientProgram } from './client-programs.js';

test.each(['pgbench', 'psql'] as const)(
  '%s is found in the first folder that has it as a program',
  async (name) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'licet-programs-'));
    const program = path.join(folder, name);
    expect(await findClientProgram(name, [folder])).toBeNull();
    await writeFile(program, '', { mode: 0o644 });
    expect(await findClientProgram(name, [folder])).toBeNull();
    await rm(program);
    await writeFile(program, '', { mode: 0o755 });
    expect(await findClientProgram(name, ['/nowhere', folder])).toBe(program);
    await rm(folder, { recursive: true });
  },
);

test('a URL is taken apart for them, and the password stays off the command line', () => {
  const { args, env } = connectionTo('postgres://me:secret@127.0.0.1:5433/bench_1');
  expect(args).toEqual(['-h', '127.0.0.1', '-p', '5433', '-U', 'me', 'bench_1']);
  expect(env['PGPASSWORD']).toBe('secret');
});

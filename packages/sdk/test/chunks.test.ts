import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { Site } from '../testing/site.js';

const BUNDLE = `
import { build } from 'esbuild';
const [entry, outdir] = process.argv.slice(1);
await build({ entryPoints: [entry], outdir, bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'es2022',
  conditions: ['@licet/source'], outExtension: { '.js': '.mjs' }, logLevel: 'error' });`;

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
let stop: () => void = () => undefined;
afterEach(async () => {
  stop();
  await site.end();
});

test('who could not load what follows changes decides all the same, and follows once it can be loaded', async () => {
  const entry = path.join(__dirname, '../testing/follower.ts');
  execFileSync(process.execPath, ['--input-type=module', '-e', BUNDLE, entry, site.directory], {
    cwd: path.join(__dirname, '..'),
  });
  const chunk = readdirSync(site.directory)
    .map((name) => path.join(site.directory, name))
    .find(
      (file) => path.basename(file).startsWith('follow-') && readFileSync(file, 'utf8').includes('/stream'),
    );
  if (chunk === undefined) throw new Error('the bundle has no chunk for what follows changes');
  renameSync(chunk, `${chunk}.away`);
  const child = spawn(process.execPath, [path.join(site.directory, 'follower.mjs'), site.gateway.url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stop = () => child.kill('SIGKILL');
  const ended = once(child, 'exit');
  expect(String(await Promise.race([once(child.stdout, 'data'), ended]))).toBe('ENTITLED cache\n');
  renameSync(`${chunk}.away`, chunk);
  child.stdin.write('on\n');
  expect(await ended).toEqual([0, null]);
  expect(site.gateway.cursors).toEqual([null]);
});

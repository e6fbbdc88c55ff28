/** `npm start`: builds, then runs the whole system until Ctrl-C or SIGTERM. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const shutdown = new AbortController();
// A signal may come several times: from the terminal, and again from npm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => shutdown.abort());
// Whoever read the output may be gone; stopping must still come to its end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => shutdown.abort());

function write(line) {
  process.stdout.write(`${line}\n`);
}

/** Turbo's output is shown only when the build fails. Its whole process group ends when a stop is asked for. */
function build() {
  const turbo = path.join(repository, 'node_modules', '.bin', 'turbo');
  if (!existsSync(turbo))
    return Promise.resolve({ code: 1, output: 'the dependencies are missing; run `npm ci` first' });
  return new Promise((resolve) => {
    const child = spawn(turbo, ['run', 'build', '--output-logs=errors-only'], {
      cwd: repository,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_UI: 'false' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const end = () => {
      try {
        process.kill(-child.pid, 'SIGTERM');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    };
    if (child.pid !== undefined) shutdown.signal.addEventListener('abort', end, { once: true });
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => {
      shutdown.signal.removeEventListener('abort', end);
      resolve({ code, output });
    });
  });
}

async function main() {
  write('building…');
  const began = performance.now();
  const { code, output } = await build();
  if (shutdown.signal.aborted) return 0;
  if (code !== 0) {
    process.stderr.write(`${output.trimEnd()}\nerror: the build failed; see above\n`);
    return 1;
  }
  write(`building: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  // The build writes CommonJS; `import` does not see its named exports.
  const { start } = createRequire(import.meta.url)('../apps/demo/dist/start/main.js');
  return start({ env: process.env, repository, shutdown: shutdown.signal, write });
}

process.exit(await main());

const { spawn } = require('node:child_process');
const path = require('node:path');

const REGISTER = path.resolve(__dirname, '../../../scripts/register-source.cjs');

/**
 * Starts the test run's database server in a process of its own and hands its URL to the test workers. jest loads
 * this file outside its module system, where neither the source condition nor `.js` for `.ts` is known; the
 * server's process is started with both.
 */
module.exports = async function startTestServer() {
  const child = spawn(
    process.execPath,
    ['-C', '@licet/source', '-r', REGISTER, path.join(__dirname, 'server.ts')],
    {
      cwd: path.dirname(__dirname),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  globalThis.licetTestServer = child;
  process.env.LICET_TEST_SERVER_URL = await new Promise((resolve, reject) => {
    child.once('message', ({ url }) => resolve(url));
    child.once('exit', (code) =>
      reject(new Error(`the test database did not start (exit code ${code}); see above`)),
    );
  });
};

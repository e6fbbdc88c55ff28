/** Lets go of the test run's database server, and waits until it has cleaned up. */
module.exports = async function stopTestServer() {
  const child = globalThis.licetTestServer;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await exited;
};

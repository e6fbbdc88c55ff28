/**
 * A process that has a decision to report and a lease to return, and stops itself. Let go on, it closes its client at once: whatever has
 * happened to its connections meanwhile it has not heard of. At the end it tells what has become of its reports.
 */
const { writeSync } = require('node:fs');

process.once('message', async ({ url, apiKey, customerId, checks, spends, quantity }) => {
  const { createClient } = await import('@licet/sdk');
  const client = createClient({ url, apiKey, customerId, live: false, leases: { [spends]: {} } });
  await client.ready;
  await client.consume(spends, { quantity });
  client.check(checks);
  writeSync(process.stdout.fd, 'stopped\n');
  process.kill(process.pid, 'SIGSTOP');
  await client.close();
  process.send(client.reports, () => process.disconnect());
});

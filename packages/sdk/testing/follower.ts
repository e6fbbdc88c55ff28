import { createClient } from '@licet/sdk';

/** A process that decides and follows changes at the gateway that is named; what comes on stdin has it refresh and end when it is live. */
const client = createClient({
  ...{ url: process.argv[2] ?? '', apiKey: 'lk_service_test', customerId: 'ada', retryMax: 50 },
});
await client.ready;
process.stdout.write(`${client.check('sso').code} ${client.status.source}\n`);
process.stdin.once('data', () => {
  client.onChange(() => {
    if (client.status.source !== 'live') return;
    process.stdin.destroy();
    void client.close();
  });
  void client.refresh();
});

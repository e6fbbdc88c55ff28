import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { API_KEY, type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([{}]);
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'free');
});
afterAll(() => system.close());

test('what a client tells at its end arrives, though the gateway that it was connected to has been killed, and started again', async () => {
  const gateway = system.gateways[0]!;
  const { origin, port } = new URL(gateway.client.url);
  const leaver = fork(path.join(__dirname, '../src/sdk-leases/parting.cjs'), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    leaver.send({
      url: origin,
      apiKey: API_KEY,
      customerId: 'acme',
      checks: 'sso',
      spends: 'calls',
      quantity: 2,
    });
    await once(leaver.stdout!, 'data');
    await gateway.stop('SIGKILL');
    const { client } = await system.startGateway({ port: Number(port) });
    leaver.kill('SIGCONT');
    const [reports] = await once(leaver, 'message');
    expect(reports).toEqual({ waiting: 0, reported: 1, rejected: 0, dropped: 0 });
    const found = await client.send(
      `query { decisions(customerId: "acme", feature: "sso") { edges { node { operation local } } } }`,
      {},
    );
    const local = { operation: 'reportDecisions', local: true };
    expect(found).toEqual({ decisions: { edges: [{ node: local }] } });
    const { rows } = await system.owner.query('select used::int, reserved::int from meter');
    expect(rows).toEqual([{ used: 2, reserved: 0 }]);
  } finally {
    leaver.kill('SIGKILL');
  }
});

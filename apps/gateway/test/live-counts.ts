import { setTimeout as delay } from 'node:timers/promises';
import type { TestGateway } from './gateway.js';

/** A gauge or counter of `/metrics`, all its labels added up. */
export async function metric(gateway: TestGateway, name: string): Promise<number> {
  const text = await gateway.services.metrics.text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}

/** Waits until nobody is connected and nothing is kept for anyone; the test's own time limit ends it. */
export async function nobodyIsLeft(gateway: TestGateway): Promise<void> {
  const names = ['connections', 'operations', 'unsent_bytes', 'waiting_bytes'];
  for (;;) {
    const counts = await Promise.all(names.map((name) => metric(gateway, `licet_live_${name}`)));
    if (counts.every((count) => count === 0) && gateway.services.feed.followers === 0) return;
    await delay(10);
  }
}

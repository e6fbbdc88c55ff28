/** A program of a test, with too little room for files: puts a large flush into the directory that it is told, and small ones after it. */
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { instant, parseTenantId } from '@licet/domain';
import { Spool } from '@licet/database';

// Who has not asked for it is ended by it.
process.on('SIGXFSZ', () => undefined);

async function main(directory: string): Promise<void> {
  const tenantId = parseTenantId('0b8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b10');
  if (tenantId === null) throw new Error('a tenant id');
  const at = instant(1_700_000_000_000);
  const flush = { tenantId, gatewayId: tenantId, seq: 1, firstAt: at, lastAt: at, records: 1, customers: [] };
  const spool = await Spool.open(directory);
  const put = (bytes: number): Promise<boolean> => spool.put([{ ...flush, body: Buffer.alloc(bytes) }]);
  const taken = [await put(100_000), await put(10)];
  const left = await readdir(directory);
  await delay(300);
  taken.push(await put(10));
  process.stdout.write(JSON.stringify({ taken, left, now: (await readdir(directory)).length }));
}

void main(process.argv[2] ?? '');

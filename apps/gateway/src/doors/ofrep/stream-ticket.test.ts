import { randomBytes } from 'node:crypto';
import { instant, parseCustomerId, parseTenantId } from '@licet/domain';
import { readTicket, ticketFor, writeTicket } from './stream-ticket.js';

const KEY = randomBytes(32);
const HOUR = 3_600_000;
const NOW = instant(1_800_000_000_000);
const TENANT = parseTenantId('0b6b6a0e-3c1e-4d0c-9a53-5f6f0c1f2a11')!;
const ADA = parseCustomerId('ada')!;

const ticket = (now = NOW, expiresAt: number | null = null, keyId: string | null = 'key_1') =>
  ticketFor({ tenantId: TENANT, keyId, expiresAt: expiresAt === null ? null : instant(expiresAt) }, ADA, now);

test('a ticket is read as it was written, until it is over', () => {
  const made = ticket();
  const text = writeTicket(KEY, made);
  expect(readTicket(KEY, text, NOW)).toEqual(made);
  expect(readTicket(KEY, text, instant(made.expiresAt - 1))).toEqual(made);
  expect(readTicket(KEY, text, made.expiresAt)).toBeNull();
});

test('it names the API key that asked for it, or none', () => {
  for (const keyId of ['key_1', null])
    expect(readTicket(KEY, writeTicket(KEY, ticket(NOW, null, keyId)), NOW)).toMatchObject({ keyId });
});

test('it lasts for one to two hours, and is the same all through one', () => {
  const begin = Math.floor(NOW / HOUR) * HOUR;
  for (const now of [begin, begin + 1, begin + HOUR - 1])
    expect(ticket(instant(now)).expiresAt).toBe(begin + 2 * HOUR);
  expect(ticket(instant(begin + HOUR)).expiresAt).toBe(begin + 3 * HOUR);
});

test('it ends with the credential that asked for it', () => {
  expect(ticket(NOW, NOW + 5000).expiresAt).toBe(NOW + 5000);
  expect(ticket(NOW, NOW + 48 * HOUR).expiresAt).toBe(ticket().expiresAt);
});

test('what was made up, altered or signed by another key is none', () => {
  const bytes = Buffer.from(writeTicket(KEY, ticket()), 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(readTicket(KEY, altered.toString('base64url'), NOW)).toBeNull();
  }
  for (const text of ['', 'x', bytes.subarray(0, 31).toString('base64url'), '✓✓✓'])
    expect(readTicket(KEY, text, NOW)).toBeNull();
  expect(readTicket(randomBytes(32), bytes.toString('base64url'), NOW)).toBeNull();
});

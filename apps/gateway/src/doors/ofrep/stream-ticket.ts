import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  type CustomerId,
  type Instant,
  instant,
  parseCustomerId,
  parseTenantId,
  type TenantId,
} from '@licet/domain';

/** In milliseconds: a ticket is good for one to two of them, and the same all through one. */
const SPAN = 3_600_000;
const SIGNATURE_BYTES = 32;

/** Lets its holder hear when a customer's flags are to be fetched again, and no more than that. */
export interface StreamTicket {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  readonly expiresAt: Instant;
  /** The API key that asked for it, with which it ends; null: it was a token, which ends by itself alone. */
  readonly keyId: string | null;
}

/**
 * A ticket for one customer's stream, for clients that can send no header with it. Asked for again within the same hour it
 * is the same, so that a client stays on its stream. It ends with the credential that asked for it.
 */
export function ticketFor(
  asker: Pick<StreamTicket, 'tenantId' | 'keyId'> & { readonly expiresAt: Instant | null },
  customerId: CustomerId,
  now: Instant,
): StreamTicket {
  const end = instant((Math.floor(now / SPAN) + 2) * SPAN);
  const { tenantId, keyId, expiresAt } = asker;
  return { tenantId, customerId, keyId, expiresAt: expiresAt !== null && expiresAt < end ? expiresAt : end };
}

/** The ticket as text, signed under `key`. */
export function writeTicket(key: Buffer, { tenantId, customerId, expiresAt, keyId }: StreamTicket): string {
  const content = Buffer.from(JSON.stringify([tenantId, customerId, expiresAt, keyId]));
  return Buffer.concat([signatureOf(key, content), content]).toString('base64url');
}

/** Null alike for one that was made up, was altered, or is over. */
export function readTicket(key: Buffer, text: string, now: Instant): StreamTicket | null {
  const bytes = Buffer.from(text, 'base64url');
  const signature = bytes.subarray(0, SIGNATURE_BYTES);
  const content = bytes.subarray(SIGNATURE_BYTES);
  if (signature.length < SIGNATURE_BYTES || !timingSafeEqual(signature, signatureOf(key, content)))
    return null;
  const ticket = parsed(JSON.parse(content.toString()));
  return ticket !== null && ticket.expiresAt > now ? ticket : null;
}

function signatureOf(key: Buffer, content: Buffer): Buffer {
  return createHmac('sha256', key).update(content).digest();
}

function parsed(content: unknown): StreamTicket | null {
  const [tenant, customer, expiresAt, keyId] = Array.isArray(content)
    ? content.map((part: unknown) => part)
    : [];
  if (typeof tenant !== 'string' || typeof customer !== 'string' || typeof expiresAt !== 'number')
    return null;
  if (keyId !== null && typeof keyId !== 'string') return null;
  const tenantId = parseTenantId(tenant);
  const customerId = parseCustomerId(customer);
  return tenantId === null || customerId === null
    ? null
    : { tenantId, customerId, keyId, expiresAt: instant(expiresAt) };
}

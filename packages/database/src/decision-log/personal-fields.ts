import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { TenantId } from '@licet/domain';
import { customerKey } from './customer-key.js';
import type { DecisionRecord } from './record.js';

type Facts = Readonly<Record<string, unknown>>;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The only member of what stands for a sealed value. */
const SEALED = 'licet:sealed';

/**
 * Fields of `context` that are personal: in a record their values are encrypted (AES-256-GCM), under a key of the
 * customer's that is derived from the master key and bound to the field. `names`: of the context's own fields.
 */
export function sealPersonal(
  key: Buffer,
  names: readonly string[],
  tenantId: TenantId,
  record: DecisionRecord,
): DecisionRecord {
  const context = contextOf(record);
  const personal = context === null ? [] : names.filter((name) => Object.hasOwn(context, name));
  if (context === null || personal.length === 0) return record;
  const ofCustomer = customerKey(key, tenantId, record.decision.customerId);
  const sealed = personal.map((name) => [name, { [SEALED]: seal(ofCustomer, name, context[name]) }] as const);
  return { ...record, input: { ...record.input, context: { ...context, ...Object.fromEntries(sealed) } } };
}

/** The record with what is sealed in it opened. What only looks like it, because a client has sent it, stays. */
export function openPersonal(key: Buffer, tenantId: TenantId, record: DecisionRecord): DecisionRecord {
  const context = contextOf(record);
  if (context === null) return record;
  const sealed = Object.entries(context).filter(([, value]) => sealedText(value) !== null);
  if (sealed.length === 0) return record;
  const ofCustomer = customerKey(key, tenantId, record.decision.customerId);
  const opened = sealed.map(([name, value]) => [name, open(ofCustomer, name, value)] as const);
  return { ...record, input: { ...record.input, context: { ...context, ...Object.fromEntries(opened) } } };
}

function contextOf({ input }: DecisionRecord): Facts | null {
  const context = input['context'];
  return isFacts(context) ? context : null;
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sealedText(value: unknown): string | null {
  if (!isFacts(value) || Object.keys(value).length !== 1) return null;
  const text = value[SEALED];
  return typeof text === 'string' ? text : null;
}

function seal(key: Buffer, name: string, value: unknown): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(name),
  );
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

function open(key: Buffer, name: string, value: unknown): unknown {
  const bytes = Buffer.from(sealedText(value) ?? '', 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return value;
  const text = NONCE_BYTES + TAG_BYTES;
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(NONCE_BYTES, text));
    const clear = Buffer.concat([decipher.update(bytes.subarray(text)), decipher.final()]);
    const opened: unknown = JSON.parse(clear.toString('utf8'));
    return opened;
  } catch {
    return value;
  }
}

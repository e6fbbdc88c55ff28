import { createHash, randomBytes } from 'node:crypto';

export const ROLES = ['ADMIN', 'OPERATOR', 'SERVICE', 'READER'] as const;
export type Role = (typeof ROLES)[number];

const FORM = /^lk_(admin|operator|service|reader)_([0-9A-Za-z]{32})([0-9a-f]{8})$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `lk_<role>_<32 random characters><checksum>`: 190 bits; scanners find it, typing errors need no database. */
export function newApiKey(role: Role): string {
  const random = [...randomBytes(64)].filter((byte) => byte < 248).slice(0, 32);
  const body = `lk_${role.toLowerCase()}_${random.map((byte) => ALPHABET[byte % 62]).join('')}`;
  return random.length === 32 ? body + checksum(body) : newApiKey(role);
}

/** False for what cannot be a key, without asking the database. */
export function isWellFormedApiKey(secret: string): boolean {
  const match = FORM.exec(secret);
  return match !== null && checksum(secret.slice(0, -8)) === match[3];
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 8);
}

/** First characters, enough to tell keys apart. */
export function hintOf(secret: string): string {
  return secret.slice(0, secret.indexOf('_', 3) + 5);
}

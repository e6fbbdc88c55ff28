import type { LicetError } from './errors.js';
import { wrong } from './options.js';

/** What a check tells of who asks, as programs without types hand it in. */
interface Facts {
  readonly memberId?: unknown;
  readonly productVersion?: unknown;
  readonly fingerprint?: unknown;
  readonly context?: unknown;
}

/** Whether the gateway would take them: whatever else is handed in would be compared, and be nobody. */
export function areFacts({ memberId, productVersion, fingerprint, context }: Facts): boolean {
  return isText(memberId) && isText(productVersion) && isText(fingerprint) && isObject(context);
}

/** Of those that are none. */
export function wrongFact({ memberId, productVersion, fingerprint }: Facts): LicetError {
  const given = Object.entries({ memberId, productVersion, fingerprint });
  const [field, value] = given.find(([, text]) => !isText(text)) ?? [];
  return field === undefined
    ? wrong('context', 'an object with facts for rules')
    : wrong(field, `a text, not of the type ${typeof value}`);
}

function isText(value: unknown): boolean {
  return value == null || typeof value === 'string';
}

function isObject(value: unknown): boolean {
  return value == null || (typeof value === 'object' && !Array.isArray(value));
}

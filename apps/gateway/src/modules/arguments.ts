import {
  type CustomerId,
  instant,
  type IsoDuration,
  type MemberId,
  parseCustomerId,
  parseMemberId,
  reservedUntil,
  wrongTtl,
} from '@licet/domain';
import { badInput } from '../errors/api-error.js';
import { isStorable, STORABLE_WANTED } from '../scalars/storable.js';

/** Items on one page of a list. */
export const FIRST_MAX = 100;
const LIST_MAX = 1000;
const KEY_MAX = 255;
const TEXT_MAX = 1000;
const JSON_MAX = 65_536;

/** BAD_USER_INPUT where a list argument holds more than 1,000 items. */
export function boundList<T extends readonly unknown[] | null | undefined>(field: string, list: T): T {
  if (list && list.length > LIST_MAX) {
    throw badInput(
      field,
      `at most ${String(LIST_MAX)} at a time, not ${String(list.length)}; send the rest in further calls`,
    );
  }
  return list;
}

/** An idempotency key of 1 to 255 characters, else BAD_USER_INPUT. */
export function parseIdempotencyKey(field: string, key: string): string {
  requireStorable(field, key);
  const characters = Array.from(key).length;
  if (characters >= 1 && characters <= KEY_MAX) return key;
  throw badInput(
    field,
    `an idempotency key has 1 to ${String(KEY_MAX)} characters, not ${String(characters)}`,
  );
}

/** Free text of at most 1,000 characters (names, reasons), else BAD_USER_INPUT. */
export function boundText<T extends string | null | undefined>(field: string, text: T): T {
  if (text && text.length > TEXT_MAX) throw badInput(field, `at most ${String(TEXT_MAX)} characters`);
  if (text) requireStorable(field, text);
  return text;
}

/** Free JSON of at most 65,536 characters as text, else BAD_USER_INPUT: each event of its owner holds it twice. */
export function boundJson<T extends object | null>(field: string, value: T): T {
  const { length } = JSON.stringify(value);
  if (length <= JSON_MAX) return value;
  throw badInput(field, `at most ${String(JSON_MAX)} characters as JSON, not ${String(length)}`);
}

/** BAD_USER_INPUT for a text that the database cannot hold. */
export function requireStorable(field: string, text: string): void {
  if (!isStorable(text)) throw badInput(field, STORABLE_WANTED);
}

/** A text that can be a customer's id, else BAD_USER_INPUT. Whether there is one is another question. */
export function readCustomerId(field: string, text: string): CustomerId {
  const id = parseCustomerId(text);
  if (id === null)
    throw badInput(
      field,
      'a customer id has 1 to 255 characters, none of them a control character or half of a surrogate pair',
    );
  return id;
}

/** A text that can be a member's id, else BAD_USER_INPUT. */
export function readMemberId(field: string, text: string): MemberId {
  const id = parseMemberId(text);
  if (id === null)
    throw badInput(
      field,
      'a member id has 1 to 255 characters, none of them a control character or half of a surrogate pair',
    );
  return id;
}

/** Units to spend or to give back: at least 1, else BAD_USER_INPUT. */
export function parseSpentQuantity(field: string, quantity: number): number {
  if (quantity < 1)
    throw badInput(field, 'at least 1 unit; a check with quantity 0 asks whether the feature is there');
  return quantity;
}

/**
 * How long units, or a machine's place, are held: a millisecond to a day, else BAD_USER_INPUT. A day has 24 hours here,
 * so it is the same time whenever it is asked.
 */
export function readHoldingTime(field: string, ttl: IsoDuration): IsoDuration {
  if (reservedUntil(instant(0), ttl) === null) throw badInput(field, wrongTtl(ttl));
  return ttl;
}

/** Why it is done is kept with it, so it must say something. */
export function readReason(field: string, text: string): string {
  if (text.trim() === '') throw badInput(field, 'the reason is empty; say why');
  return boundText(field, text);
}

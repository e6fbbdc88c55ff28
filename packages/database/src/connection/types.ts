import { types } from 'pg';

type TypeParser = (text: string) => unknown;

/** The driver's typings leave parsers open; this is the one place that names them. */
export function typeParser(type: Parameters<typeof types.getTypeParser>[0]): TypeParser {
  const parser: unknown = types.getTypeParser(type);
  if (!isTypeParser(parser)) throw new Error('the driver has no parser for a type of its own');
  return parser;
}

function isTypeParser(parser: unknown): parser is TypeParser {
  return typeof parser === 'function';
}

const driversOwn = typeParser(types.builtins.TIMESTAMPTZ);

/** Reads columns as the mappings want them. */
export function setTypeParsers(): void {
  types.setTypeParser(types.builtins.INT8, parseBigInt);
  types.setTypeParser(types.builtins.TIMESTAMPTZ, (text) => parseUtc(text) ?? driversOwn(text));
}

/** Counters are at most 2^53-1 (a check in the domain), so `bigint` columns are read as numbers. */
function parseBigInt(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53-1`);
  return value;
}

const SECONDS_END = '2026-01-31 09:30:00'.length;
const ZERO = '0'.charCodeAt(0);

/** `2026-01-31 09:30:00.5+00` at a third of the driver's price; null: another zone, or a year that has not four digits. */
function parseUtc(text: string): Date | null {
  if (text[10] !== ' ' || text.startsWith('0') || !text.endsWith('+00')) return null;
  const milliseconds = Number(text.slice(SECONDS_END, -3)) * 1000;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const [month, day] = [twoDigits(text, 5) - 1, twoDigits(text, 8)];
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  return new Date(Date.UTC(year, month, day, hour, minute, second, milliseconds));
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

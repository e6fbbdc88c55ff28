import type { z } from 'zod';
import { didYouMean } from './nearest.js';

/** Says what is wrong with a shape, and the remedy, where the schema itself has no message for it. */
export function plainWords(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return missing(issue);
  switch (issue.code) {
    case 'invalid_type':
      return `${described(issue.input)} stands here; ${expectation(issue.expected)} is expected${quotes(issue)}`;
    case 'invalid_value':
      return unknownWord(issue.input, issue.values);
    case 'too_small':
      if (issue.origin === 'string') return 'the text is empty; write one';
      if (issue.origin === 'array') return 'the list is empty; give at least one item';
      return `${described(issue.input)} stands here; at least ${String(issue.minimum)} is expected`;
    case 'too_big':
      return issue.origin === 'string'
        ? `the text is too long; shorten it to ${String(issue.maximum)} characters`
        : `${described(issue.input)} stands here; at most ${String(issue.maximum)} is expected`;
    default:
      return `${described(issue.input)} is not possible here; compare it with an example of the language`;
  }
}

/** All words of a long list say less than the one that was meant. */
function unknownWord(input: unknown, words: readonly z.core.util.Primitive[]): string {
  const meant = suggestion(input, words);
  if (meant === '') return `${described(input)} stands here; ${oneOf(words)} is expected`;
  return `${described(input)} is no word of the language here${meant}`;
}

function missing(issue: z.core.$ZodRawIssue): string {
  const key = issue.path?.at(-1);
  if (key === undefined) return 'the document is empty; a catalog is expected';
  const what =
    issue.code === 'invalid_value'
      ? oneOf(issue.values)
      : issue.code === 'invalid_type'
        ? expectation(issue.expected)
        : null;
  return `\`${String(key)}\` is missing; add it${what === null ? '' : `, ${what} is expected`}`;
}

const EXPECTATIONS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  null: 'nothing',
};

function expectation(expected: string): string {
  return EXPECTATIONS[expected] ?? 'something else';
}

function quotes(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const isWord = typeof issue.input === 'number' || typeof issue.input === 'boolean';
  return issue.expected === 'string' && isWord ? '; put it in quotes' : '';
}

/** A value as a message names it. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return `\`${shortened(String(value))}\``;
  return `a ${typeof value}`;
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

/** `a`, `b` or `c`. */
export function oneOf(values: readonly z.core.util.Primitive[]): string {
  const words = values.map((value) => `\`${String(value)}\``);
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** `; did you mean …?` where the input is close to one of the words. */
export function suggestion(input: unknown, words: readonly z.core.util.Primitive[]): string {
  return typeof input === 'string' ? didYouMean(input, words.map(String)) : '';
}

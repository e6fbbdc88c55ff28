import { type Fact, featureOf, type FlagValue, flagOf } from '@licet/domain/offline';
import { ErrorCode, type EvaluationContext, type ResolutionDetails } from '@openfeature/core';
import type { Answer } from '../answer.js';
import type { CheckOptions, Client } from '../client.js';
import { LicetError } from '../errors.js';
import { EvaluationError } from './evaluation-error.js';
import { readContext } from './read-context.js';

/** Narrows a flag's value to what was asked for. */
type IsWanted<T> = (value: FlagValue) => value is FlagValue & T;

/** The flag that is asked for; `otherwise`: the default in the application's code. */
export interface Flagged<T> {
  readonly key: string;
  readonly otherwise: T;
  readonly isWanted: IsWanted<T>;
}

/** A flag's evaluation, by what the client holds; throws EvaluationError where the default counts for want of one. */
export function evaluate<T>(
  client: Client,
  { key, otherwise, isWanted }: Flagged<T>,
  context: EvaluationContext,
): ResolutionDetails<T> {
  const { snapshot, phase, customerId } = client.basis();
  const asked = readContext(context, customerId);
  if (snapshot === null)
    throw new EvaluationError(
      ErrorCode.PROVIDER_NOT_READY,
      'there is no snapshot to decide by; wait until the gateway answers',
    );
  const feature = featureOf(snapshot.state.release, key);
  if (feature === null)
    throw new EvaluationError(ErrorCode.FLAG_NOT_FOUND, `the catalog has no feature \`${key}\``);
  const answer = check(client, key, asked);
  const { value, reason, metadata } = flagOf(feature, answer);
  if (value !== undefined && !isWanted(value))
    throw new EvaluationError(
      ErrorCode.TYPE_MISMATCH,
      `\`${key}\` is ${feature.type}: its value is of type ${typeof value}`,
    );
  const flagMetadata: Record<string, Fact> = {
    ...metadata,
    release: snapshot.state.release.number,
    revision: snapshot.revision,
    stale: phase !== 'FRESH',
    source: answer.source,
  };
  if (answer.age !== null) flagMetadata['age'] = answer.age;
  return { value: value ?? otherwise, reason, flagMetadata };
}

function check(client: Client, key: string, options: CheckOptions): Answer {
  try {
    return client.check(key, options);
  } catch (error) {
    if (!(error instanceof LicetError)) throw error;
    const code = error.code === 'BAD_USER_INPUT' ? ErrorCode.INVALID_CONTEXT : ErrorCode.GENERAL;
    throw new EvaluationError(code, error.message);
  }
}

export function isBoolean(value: FlagValue): value is boolean {
  return typeof value === 'boolean';
}

export function isString(value: FlagValue): value is string {
  return typeof value === 'string';
}

export function isNumber(value: FlagValue): value is number {
  return typeof value === 'number';
}

/** What members an object has, OpenFeature does not check either: the type is what the application says that it is. */
export function isObjectOf<T>(value: FlagValue): value is FlagValue & T {
  return typeof value === 'object';
}

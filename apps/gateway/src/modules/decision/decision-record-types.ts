import { Field, ObjectType } from 'type-graphql';
import { type AnsweredDecision, type AnsweredSource, type DecisionRecord, REPORTED } from '@licet/database';
import type { Instant } from '@licet/domain';
import { DateTime, JsonObjectScalar, type JsonObject } from '../../scalars/index.js';
import { ActorType } from '../actor/actor-type.js';
import { DecisionCodeEnum, type DecisionCodeName } from '../check/decision-code.js';
import { DecisionType, SourceKindEnum, type EntitlementSourceType } from '../check/decision-type.js';
import { connectionTypes } from '../connection/connection-types.js';

@ObjectType('DecisionRecord', {
  simpleResolvers: true,
  description: '`local`: decided by an SDK and reported later.',
})
export class DecisionRecordType {
  @Field(() => DecisionType)
  decision!: DecisionType;
  @Field(() => String)
  operation!: string;
  @Field(() => JsonObjectScalar)
  input!: JsonObject;
  @Field(() => ActorType)
  actor!: ActorType;
  @Field(() => DateTime)
  at!: Instant;
  @Field(() => Boolean)
  local!: boolean;
}

export const DecisionRecordConnectionType = connectionTypes('DecisionRecord', DecisionRecordType);

export function toDecisionRecord({
  decision,
  operation,
  input,
  actor,
  at,
}: DecisionRecord): DecisionRecordType {
  return { decision: toAnswered(decision), operation, input, actor, at, local: operation === REPORTED };
}

/** As it was answered. */
export function toAnswered(decision: AnsweredDecision): DecisionType {
  return { ...decision, code: codeOf(decision.code), sources: decision.sources.map(toSource) };
}

function codeOf(text: string): DecisionCodeName {
  if (isCode(text)) return text;
  throw new Error(`the decision log holds a code that is none: ${text}`);
}

function isCode(text: string): text is DecisionCodeName {
  return Object.hasOwn(DecisionCodeEnum, text);
}

function toSource({ kind, id, key }: AnsweredSource): EntitlementSourceType {
  if (isSourceKind(kind)) return { kind, id, key };
  throw new Error(`the decision log holds a kind of source that is none: ${kind}`);
}

function isSourceKind(text: string): text is keyof typeof SourceKindEnum {
  return Object.hasOwn(SourceKindEnum, text);
}

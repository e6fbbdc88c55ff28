import type { TenantId } from '@licet/domain';
import { customerKey } from './customer-key.js';
import type { PersonalFields } from './personal-names.js';
import type { DecisionRecord } from './record.js';
import { openValue, sealValue } from './sealed-value.js';

type Facts = Readonly<Record<string, unknown>>;
/** Of a field: gives the same value where nothing is changed. */
type Change = (name: string, value: unknown) => unknown;

/** The only member of what stands for a sealed value of the input. */
const SEALED = 'licet:sealed';
/** How a sealed text begins that stands where there is a text in any case. */
const SEALED_TEXT = `${SEALED}:`;

/**
 * The record with what is personal in it encrypted, under a key of the customer's that is derived from the master key, and bound to its
 * name. That is more than the input: a customer token's actor is named by its member, and a message may tell of facts.
 */
export function sealPersonal(
  key: Buffer,
  fields: PersonalFields,
  tenantId: TenantId,
  record: DecisionRecord,
): DecisionRecord {
  if (fields.request.size + fields.context.size === 0) return record;
  const ofCustomer = keyOf(key, tenantId, record);
  const personal: string[] = [];
  const seal: Change = (name, value) => {
    personal.push(...textsIn(value));
    return { [SEALED]: sealValue(ofCustomer(), name, value) };
  };
  const input = withFields(record.input, {
    ofRequest: (name, value) => (value !== null && fields.request.has(name) ? seal(name, value) : value),
    ofContext: (name, value) => (fields.context.has(name) ? seal(name, value) : value),
  });
  const { actor, decision } = record;
  const isMember = actor.kind === 'CUSTOMER' && actor.name !== null && fields.request.has('memberId');
  const isTold = personal.some((text) => decision.message.includes(text));
  const sealText = (name: string, text: string): string => SEALED_TEXT + sealValue(ofCustomer(), name, text);
  return {
    ...record,
    input,
    actor: isMember ? { ...actor, name: sealText('memberId', actor.name) } : actor,
    decision: isTold ? { ...decision, message: sealText('message', decision.message) } : decision,
  };
}

/** The record with what is sealed in it opened. What only looks like it, because a client has sent it, stays. */
export function openPersonal(key: Buffer, tenantId: TenantId, record: DecisionRecord): DecisionRecord {
  const ofCustomer = keyOf(key, tenantId, record);
  const open: Change = (name, value) => {
    const sealed = sealedIn(value);
    return sealed === null ? value : openValue(ofCustomer(), name, sealed, value);
  };
  const openText = (name: string, text: string): string => {
    if (!text.startsWith(SEALED_TEXT)) return text;
    const opened = openValue(ofCustomer(), name, text.slice(SEALED_TEXT.length), text);
    return typeof opened === 'string' ? opened : text;
  };
  const { actor, decision } = record;
  return {
    ...record,
    input: withFields(record.input, { ofRequest: open, ofContext: open }),
    actor: actor.name === null ? actor : { ...actor, name: openText('memberId', actor.name) },
    decision: { ...decision, message: openText('message', decision.message) },
  };
}

/** Derived when it is needed first. */
function keyOf(key: Buffer, tenantId: TenantId, { decision }: DecisionRecord): () => Buffer {
  let derived: Buffer | null = null;
  return () => (derived ??= customerKey(key, tenantId, decision.customerId));
}

/** The input with each of its own fields, and those of what it names, changed in one way, and the context's in another. */
function withFields(
  input: Facts,
  { ofRequest, ofContext }: { readonly ofRequest: Change; readonly ofContext: Change },
): Facts {
  return mapped(input, (name, value) => {
    if (name === 'context') return isFacts(value) ? mapped(value, ofContext) : value;
    const changed = ofRequest(name, value);
    return changed === value && isFacts(value) ? mapped(value, ofRequest) : changed;
  });
}

function mapped(facts: Facts, change: Change): Facts {
  const entries = Object.entries(facts).map(([name, value]) => [name, change(name, value)] as const);
  return entries.every(([name, value]) => facts[name] === value) ? facts : Object.fromEntries(entries);
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As a message would write them. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function sealedIn(value: unknown): string | null {
  if (!isFacts(value) || Object.keys(value).length !== 1) return null;
  const text = value[SEALED];
  return typeof text === 'string' ? text : null;
}

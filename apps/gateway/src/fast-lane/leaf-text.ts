import { isEnumType, isSpecifiedScalarType, type GraphQLEnumType, type GraphQLLeafType } from 'graphql';

/** What JSON writes otherwise: quotes, backslashes, control characters, halves of surrogate pairs. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** The JSON of a value that is not null; throws what the type throws about one that it does not know. */
export type LeafWriter = (value: unknown) => string;

/** How values of a scalar or an enum are written. What the type would only hand back it is not asked about. */
export function leafWriter(type: GraphQLLeafType): LeafWriter {
  const write: LeafWriter = (value) => serializedText(type, value);
  if (isEnumType(type)) return enumWriter(type, write);
  if (!isSpecifiedScalarType(type)) return write;
  switch (type.name) {
    case 'String':
    case 'ID':
      return (value) => (typeof value === 'string' ? quoted(value) : write(value));
    case 'Boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : write(value));
    default:
      return write;
  }
}

function enumWriter(type: GraphQLEnumType, otherwise: LeafWriter): LeafWriter {
  const texts = new Map<unknown, string>(type.getValues().map(({ name, value }) => [value, `"${name}"`]));
  return (value) => texts.get(value) ?? otherwise(value);
}

function serializedText(type: GraphQLLeafType, value: unknown): string {
  const serialized: unknown = type.serialize(value);
  switch (typeof serialized) {
    case 'string':
      return quoted(serialized);
    case 'boolean':
      return String(serialized);
    case 'number':
      return Number.isFinite(serialized) ? String(serialized) : 'null';
    default:
      if (serialized === null || serialized === undefined) {
        throw new Error(`a value of type ${type.name} was serialised to nothing`);
      }
      return JSON.stringify(serialized);
  }
}

function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

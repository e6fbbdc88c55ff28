import { buildSchema } from 'graphql';
import { CompiledDocuments, VISITS_BEFORE_COMPILED } from './compiled-documents.js';

const schema = buildSchema('type Query { a: Int b: Int self: Query }');

function visitsUntilCompiled(documents: CompiledDocuments, text: string): number | null {
  for (let visits = 0; visits <= VISITS_BEFORE_COMPILED; visits++) {
    if (documents.seen(text, null)) return visits;
  }
  return null;
}

test('a document is compiled once it has been seen often enough, and the same one is handed out from then on', () => {
  const documents = new CompiledDocuments(schema);
  expect(visitsUntilCompiled(documents, '{ a }')).toBe(VISITS_BEFORE_COMPILED);
  expect(documents.seen('{ a }', null)).toBe(documents.seen('{ a }', null));
  expect(documents.seen('{ a } ', null)).toBeNull();
});

test('a registered document is compiled at once', () => {
  const documents = new CompiledDocuments(schema);
  expect(documents.registered('{ a }', null)).not.toBeNull();
});

test.each([
  ['no GraphQL', '{'],
  ['not of this schema', '{ c }'],
  ['nested too deeply', `${'{ self '.repeat(12)}{ a }${' }'.repeat(12)}`],
  ['of too many tokens', `{ ${'a '.repeat(10_001)} }`],
  ['too long', `{ a } #${'x'.repeat(32 * 1024)}`],
])('a document that is %s is never compiled', (_name, text) => {
  const documents = new CompiledDocuments(schema);
  expect(visitsUntilCompiled(documents, text)).toBeNull();
  expect(documents.registered(text, null)).toBeNull();
});

test('of several operations the named one is compiled, and none without a name', () => {
  const documents = new CompiledDocuments(schema);
  const text = 'query A { a } query B { b }';
  expect(documents.registered(text, null)).toBeNull();
  expect(documents.registered(text, 'C')).toBeNull();
  expect(documents.registered(text, 'A')).not.toBeNull();
  expect(documents.registered(text, 'B')).not.toBe(documents.registered(text, 'A'));
});

test('documents that come once push out none that are compiled; compiled ones push out the least used', () => {
  const documents = new CompiledDocuments(schema);
  const kept = documents.registered('{ a }', null);
  const long = (index: number): string => `{ a } #${String(index)} ${'x'.repeat(30 * 1024)}`;
  for (let index = 0; index < 100; index++) documents.seen(long(index), null);
  expect(documents.registered('{ a }', null)).toBe(kept);
  for (let index = 0; index < 10; index++) documents.registered(long(index), null);
  expect(documents.registered('{ a }', null)).not.toBe(kept);
});

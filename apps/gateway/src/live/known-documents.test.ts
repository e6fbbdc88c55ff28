import { buildSchema } from 'graphql';
import { KnownDocuments, RefusedDocument } from './known-documents.js';

const SCHEMA = buildSchema('type Query { a: Int }');

test('a document that comes again is neither parsed nor validated again', () => {
  const documents = new KnownDocuments(SCHEMA);
  const text = 'query First { a }';
  expect(documents.read(text)).toBe(documents.read(text.slice()));
});

test('what is kept is bounded: after many others a document is read anew', () => {
  const documents = new KnownDocuments(SCHEMA);
  const first = documents.read('{ a }');
  for (let index = 0; index < 300; index++) {
    documents.read(`query Q${String(index)} { a } # ${'x'.repeat(1024)}`);
  }
  expect(documents.read('{ a }')).not.toBe(first);
});

test('a document that is refused is refused each time', () => {
  const documents = new KnownDocuments(SCHEMA);
  for (let time = 0; time < 2; time++) expect(() => documents.read('{ b }')).toThrow(RefusedDocument);
});

import { parse, validate, type DocumentNode, type GraphQLError, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { TOKENS_MAX } from '../plugins/document-limits.js';
import { VALIDATION_RULES } from '../plugins/validation-rules.js';

/** Of all texts that are kept; a parsed document takes some 50 bytes for each. The least recently used go first. */
const CHARACTERS_MAX = 256 * 1024;

/** What validation found. */
export class RefusedDocument extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super('the document is refused');
  }
}

/** Valid documents by their exact text: parsed and validated once, however many subscriptions wait with them. */
export class KnownDocuments {
  readonly #documents = new LRUCache<string, DocumentNode>({
    maxSize: CHARACTERS_MAX,
    sizeCalculation: (_document, text) => text.length + 1,
  });

  constructor(private readonly schema: GraphQLSchema) {}

  /** Throws what is wrong with it: a GraphQLError, or a RefusedDocument. */
  read(text: string): DocumentNode {
    const known = this.#documents.get(text);
    if (known) return known;
    const document = parse(text, { maxLexicalTokens: TOKENS_MAX });
    const errors = validate(this.schema, document, VALIDATION_RULES);
    if (errors.length > 0) throw new RefusedDocument(errors);
    this.#documents.set(text, document);
    return document;
  }
}

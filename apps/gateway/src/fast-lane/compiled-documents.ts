import { getOperationAST, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { TOKENS_MAX } from '../plugins/document-limits.js';
import { VALIDATION_RULES } from '../plugins/validation-rules.js';
import { CompiledOperation } from './compiled-operation.js';

/** Visits by the general lane before a document that is not registered is compiled. */
export const VISITS_BEFORE_COMPILED = 2;
const DOCUMENT_CHARACTERS_MAX = 32 * 1024;
/** Of all documents that are kept compiled; each takes about 250 bytes of memory. The least recently used go first. */
const COMPILED_CHARACTERS_MAX = 256 * 1024;
const COUNTED_CHARACTERS_MAX = 1024 * 1024;

/** A document that both lanes would accept, with those of its operations that were asked for. */
class CompiledDocument {
  private readonly operations = new Map<string | null, CompiledOperation | null>();

  /** `document` null: it is refused, or too long; the general lane says so. */
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly document: DocumentNode | null,
  ) {}

  /** Null where there is no such operation, or several and none is named. */
  operation(name: string | null): CompiledOperation | null {
    const known = this.operations.get(name);
    if (known !== undefined || this.document === null) return known ?? null;
    const operation = getOperationAST(this.document, name);
    if (!operation) return null;
    const compiled = new CompiledOperation(this.schema, this.document, operation);
    this.operations.set(name, compiled);
    return compiled;
  }
}

/** Documents by their exact text: neither parsed nor hashed when they come again. */
export class CompiledDocuments {
  private readonly compiled = new LRUCache<string, CompiledDocument>({
    maxSize: COMPILED_CHARACTERS_MAX,
    sizeCalculation: (_document, text) => text.length + 1,
  });
  /** Apart from the others, so that documents that come once push none of them out. */
  private readonly visits = new LRUCache<string, number>({
    maxSize: COUNTED_CHARACTERS_MAX,
    sizeCalculation: (_count, text) => text.length + 1,
  });

  constructor(private readonly schema: GraphQLSchema) {}

  /** The operation of a registered document. */
  registered(text: string, operationName: string | null): CompiledOperation | null {
    if (text.length > DOCUMENT_CHARACTERS_MAX) return null;
    return (this.compiled.get(text) ?? this.compile(text)).operation(operationName);
  }

  /** The operation of a document that is compiled already; counts nothing. */
  known(text: string, operationName: string | null): CompiledOperation | null {
    return this.compiled.get(text)?.operation(operationName) ?? null;
  }

  /** The operation, once its document has been here often enough; counts the visit otherwise. */
  seen(text: string, operationName: string | null): CompiledOperation | null {
    const known = this.compiled.get(text);
    if (known) return known.operation(operationName);
    if (text.length > DOCUMENT_CHARACTERS_MAX) return null;
    const visits = this.visits.get(text) ?? 0;
    if (visits >= VISITS_BEFORE_COMPILED) return this.compile(text).operation(operationName);
    this.visits.set(text, visits + 1);
    return null;
  }

  private compile(text: string): CompiledDocument {
    const compiled = new CompiledDocument(this.schema, acceptedDocument(this.schema, text));
    this.compiled.set(text, compiled);
    this.visits.delete(text);
    return compiled;
  }
}

/** The document, if the general lane would execute it: its rules are applied here too. */
function acceptedDocument(schema: GraphQLSchema, text: string): DocumentNode | null {
  try {
    const document = parse(text, { maxLexicalTokens: TOKENS_MAX });
    return validate(schema, document, VALIDATION_RULES).length === 0 ? document : null;
  } catch {
    return null;
  }
}

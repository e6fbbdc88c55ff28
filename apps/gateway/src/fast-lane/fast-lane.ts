import type { IncomingHttpHeaders } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { GatewayContext, Services } from '../context.js';
import { formatError } from '../errors/format-error.js';
import { retryAfterOf } from '../errors/retry-after.js';
import { wantsTrace } from '../plugins/federated-traces.js';
import { CompiledDocuments } from './compiled-documents.js';
import type { CompiledOperation, Executed, PreparedOperation } from './compiled-operation.js';
import { type AskedOperation, readOperation } from './read-operation.js';
import type { RegisteredDocuments } from './registered-documents.js';

/** In each answer to an operation: `compiled` where this lane executed it, `general` where the GraphQL server did. */
export const LANE_HEADER = 'x-licet-lane';

/** Executes what it knows well, and leaves everything else to the GraphQL server. */
export class FastLane {
  private readonly documents: CompiledDocuments;

  constructor(
    schema: GraphQLSchema,
    private readonly registered: RegisteredDocuments,
    private readonly services: Services,
    /** Whether routers are told how long fields took; this lane does not measure them. */
    private readonly traces = false,
  ) {
    this.documents = new CompiledDocuments(schema);
  }

  /** What a request asks; null: it is in a form that is not for this lane. */
  read(body: unknown, headers: IncomingHttpHeaders): AskedOperation | null {
    return this.traces && wantsTrace(headers) ? null : readOperation(body, headers.accept);
  }

  /**
   * Decides whether the operation is executed here, before anything is, so that nothing is executed twice: after null
   * nothing has happened, but that the document's visit was counted.
   */
  prepare(asked: AskedOperation): PreparedOperation | null {
    return this.prepared(asked, 'seen');
  }

  /** As `prepare`, for documents that are registered or compiled already: after null not even a visit was counted. */
  prepareKnown(asked: AskedOperation): PreparedOperation | null {
    return this.prepared(asked, 'known');
  }

  private prepared(
    { document, operationName, variables }: AskedOperation,
    text: 'seen' | 'known',
  ): PreparedOperation | null {
    const operation =
      'text' in document
        ? this.documents[text](document.text, operationName)
        : this.findRegistered(document.hash, operationName);
    return operation?.prepare(variables) ?? null;
  }

  private findRegistered(hash: string, operationName: string | null): CompiledOperation | null {
    const text = this.registered.find(hash);
    return text === undefined ? null : this.documents.registered(text, operationName);
  }

  /** The body that answers the operation; `context.retryAfter` then says what its header does. */
  execute(prepared: PreparedOperation, context: GatewayContext): string | Promise<string> {
    const executed = prepared.execute(context);
    this.services.metrics.operation('compiled');
    return 'data' in executed
      ? this.bodyOf(executed, context)
      : Promise.resolve(executed).then((done) => this.bodyOf(done, context));
  }

  /** As the GraphQL server writes it. */
  private bodyOf({ data, errors }: Executed, context: GatewayContext): string {
    if (errors.length === 0) return `{"data":${data}}\n`;
    const { logger } = this.services;
    const formatted = errors.map((error) => formatError(error, { requestId: context.requestId, logger }));
    context.retryAfter = retryAfterOf(formatted);
    return `{"errors":${JSON.stringify(formatted)},"data":${data}}\n`;
  }
}

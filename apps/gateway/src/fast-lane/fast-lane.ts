import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { createContext, type GatewayContext, type Services } from '../context.js';
import type { Access } from '../access.js';
import { formatError } from '../errors/format-error.js';
import { CompiledDocuments } from './compiled-documents.js';
import type { CompiledOperation, Executed, PreparedOperation } from './compiled-operation.js';
import { readOperation, type AskedOperation } from './read-operation.js';
import type { RegisteredDocuments } from './registered-documents.js';

/** In each answer to an operation: `compiled` where this lane executed it, `general` where the GraphQL server did. */
export const LANE_HEADER = 'x-licet-lane';

/** Executes what it knows well straight from the HTTP handler, and leaves everything else to the GraphQL server. */
export class FastLane {
  private readonly documents: CompiledDocuments;

  constructor(
    schema: GraphQLSchema,
    private readonly registered: RegisteredDocuments,
    private readonly services: Services,
  ) {
    this.documents = new CompiledDocuments(schema);
  }

  /**
   * Whether the request is answered here. Decided before anything is executed, so that nothing is executed twice:
   * after `false` nothing has happened.
   */
  answer(request: FastifyRequest, reply: FastifyReply, access: Access): boolean {
    const asked = readOperation(request);
    const prepared = asked && this.find(asked)?.prepare(asked.variables);
    if (!prepared) return false;
    void reply.headers({ 'content-type': asked.contentType, [LANE_HEADER]: 'compiled' });
    this.execute(prepared, createContext(this.services, access, request.id), reply);
    return true;
  }

  private find({ document, operationName }: AskedOperation): CompiledOperation | null {
    if ('text' in document) return this.documents.seen(document.text, operationName);
    const text = this.registered.find(document.hash);
    return text === undefined ? null : this.documents.registered(text, operationName);
  }

  private execute(prepared: PreparedOperation, context: GatewayContext, reply: FastifyReply): void {
    const executed = prepared.execute(context);
    if ('data' in executed) void reply.send(this.bodyOf(executed, context.requestId));
    else {
      executed.then(
        (done) => reply.send(this.bodyOf(done, context.requestId)),
        (error: unknown) => reply.send(error),
      );
    }
  }

  /** As the GraphQL server writes it. */
  private bodyOf({ data, errors }: Executed, requestId: string): string {
    if (errors.length === 0) return `{"data":${data}}\n`;
    const { logger } = this.services;
    const formatted = errors.map((error) => formatError(error, { requestId, logger }));
    return `{"errors":${JSON.stringify(formatted)},"data":${data}}\n`;
  }
}

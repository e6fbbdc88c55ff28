import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import { MessageType, type SubscribePayload } from 'graphql-ws';
import { SlowFollowerError } from '@licet/database';
import { GatewayContext, type Services } from '../context.js';
import { badInput, unauthenticated } from '../errors/api-error.js';
import { formatError } from '../errors/format-error.js';
import { costCheck } from '../plugins/cost-limit.js';
import { operationProblem } from '../plugins/document-limits.js';
import type { Channel } from './channel.js';
import { type KnownDocuments, RefusedDocument } from './known-documents.js';

export interface OperationServices {
  readonly schema: GraphQLSchema;
  readonly documents: KnownDocuments;
  readonly services: Services;
}

interface Readable extends ExecutionArgs {
  readonly kind: OperationTypeNode;
}

/**
 * One operation on a channel, from its message to its end; authorised anew, whatever others on the channel were. One that
 * waits for its next event is this object and a promise: it keeps neither its message nor the event before.
 */
export class Operation {
  #stream: AsyncIterator<unknown> | null = null;
  #isSubscription = false;
  #isLeft = false;

  constructor(
    private readonly channel: Channel,
    private readonly id: string,
    private readonly shared: OperationServices,
  ) {}

  /** Never rejects: whatever is wrong with one operation, the others on its channel go on. */
  async begin(payload: SubscribePayload): Promise<void> {
    try {
      const { kind, ...args } = await this.#read(payload);
      if (kind !== OperationTypeNode.SUBSCRIPTION)
        await this.channel.inTurn(async () => this.#finish(await execute(args)));
      else {
        this.#isSubscription = true;
        await this.#follow(await createSourceEventStream(args), args);
      }
    } catch (error) {
      await this.#refuse(error);
    }
  }

  /** Whether it follows what happens, and so does not end by itself. */
  get isFollowing(): boolean {
    return this.#stream !== null;
  }

  /** The client has gone, or wants no more. */
  async leave(): Promise<void> {
    this.#isLeft = true;
    this.channel.forget(this.id);
    await this.#stream?.return?.();
  }

  async #read(payload: SubscribePayload): Promise<Readable> {
    const { schema, documents, services } = this.shared;
    const access = (await this.channel.key?.access()) ?? null;
    if (!access) throw unauthenticated();
    services.metrics.operation(this.channel.lane);
    const contextValue = new GatewayContext(services, access, this.channel.scopeOf(this.id).requestId);
    return { ...readOperation(schema, documents, payload), contextValue };
  }

  async #follow(source: AsyncIterable<unknown> | ExecutionResult, args: ExecutionArgs): Promise<void> {
    if (!isStream(source)) {
      await this.#finish(source);
      return;
    }
    this.#stream = source[Symbol.asyncIterator]();
    if (this.#isLeft) {
      await this.#stream.return?.();
      return;
    }
    this.channel.follows(this.id);
    this.#wait(this.#stream, args);
  }

  #wait(stream: AsyncIterator<unknown>, args: ExecutionArgs): void {
    stream
      .next()
      .then((taken) => this.#take(taken, stream, args))
      .catch((error: unknown) => this.#refuse(error));
  }

  async #take(
    { done, value }: IteratorResult<unknown>,
    stream: AsyncIterator<unknown>,
    args: ExecutionArgs,
  ): Promise<void> {
    if (done === true) {
      await this.#complete();
      return;
    }
    await this.channel.inTurn(async () => {
      if (!this.#isLeft) await this.#answer(await execute({ ...args, rootValue: value }));
    });
    if (!this.#isLeft) this.#wait(stream, args);
  }

  async #finish(result: ExecutionResult): Promise<void> {
    await this.#answer(result);
    await this.#complete();
  }

  async #answer({ errors, ...result }: ExecutionResult): Promise<void> {
    if (this.#isLeft) return;
    const formatted = this.#format(errors ?? []);
    if (this.#isToComeAgain(formatted)) {
      await this.#sendAway();
      return;
    }
    const payload = errors ? { errors: formatted, data: result.data ?? null } : result;
    await this.channel.tell({ id: this.id, type: MessageType.Next, payload });
  }

  /**
   * Whether a subscriber misses nothing by coming again: the answer to an event would be lost, and after an error clients
   * do not ask again by themselves.
   */
  #isToComeAgain(errors: readonly GraphQLFormattedError[]): boolean {
    return this.#isSubscription && errors.some(({ extensions }) => extensions?.['code'] === 'UNAVAILABLE');
  }

  async #sendAway(): Promise<void> {
    this.#end();
    this.channel.unavailable();
    await this.#stream?.return?.();
  }

  async #complete(): Promise<void> {
    if (this.#isLeft) return;
    this.#end();
    await this.channel.tell({ id: this.id, type: MessageType.Complete });
  }

  async #refuse(error: unknown): Promise<void> {
    if (this.#isLeft) return;
    this.#end();
    if (error instanceof SlowFollowerError) {
      this.channel.tooSlow();
      return;
    }
    const payload = this.#format(error instanceof RefusedDocument ? error.errors : [error]);
    try {
      if (this.#isToComeAgain(payload)) {
        await this.#sendAway();
        return;
      }
      await this.channel.tell({ id: this.id, type: MessageType.Error, payload });
      await this.#stream?.return?.();
    } catch (failure) {
      this.channel.broken(failure, 'an error could not be told');
    }
  }

  /** Nothing more is sent, and its id is free again. */
  #end(): void {
    this.#isLeft = true;
    this.channel.forget(this.id);
  }

  #format(errors: readonly unknown[]): GraphQLFormattedError[] {
    return errors.map((error) => formatError(located(error), this.channel.scopeOf(this.id)));
  }
}

function located(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

function isStream(source: AsyncIterable<unknown> | ExecutionResult): source is AsyncIterable<unknown> {
  return Symbol.asyncIterator in source;
}

/** An operation under the same bounds as over HTTP; throws what is wrong with it. */
function readOperation(
  schema: GraphQLSchema,
  documents: KnownDocuments,
  payload: SubscribePayload,
): Readable {
  const problem = operationProblem({ ...payload });
  if (problem !== null) throw badInput(problem.path, problem.message);
  const { query, variables, operationName } = payload;
  const document = documents.read(query);
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    throw badInput(
      'operationName',
      operationName
        ? `the document has no operation \`${operationName}\``
        : 'the document has several operations, or none; name one by `operationName`',
    );
  }
  const refused = costCheck(schema, document, operation)?.(variables);
  if (refused) throw refused;
  return { schema, document, operationName, variableValues: variables, kind: operation.operation };
}

import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';

type Answered = IteratorResult<ExecutionResult, undefined>;

/**
 * What graphql-js's `subscribe` does, without what that keeps for each subscription that waits: a stream of answers, or
 * the errors for which there is none.
 */
export async function subscribe(
  args: ExecutionArgs,
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  return isStream(source) ? new Answers(source[Symbol.asyncIterator](), args) : source;
}

function isStream(source: AsyncIterable<unknown> | ExecutionResult): source is AsyncIterable<unknown> {
  return Symbol.asyncIterator in source;
}

/** The operation's selection executed on each value of its source. */
class Answers implements AsyncIterableIterator<ExecutionResult, undefined> {
  constructor(
    private readonly source: AsyncIterator<unknown>,
    private readonly args: ExecutionArgs,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Answered> {
    return this.source.next().then((taken) => this.#answer(taken));
  }

  async return(): Promise<Answered> {
    await this.source.return?.();
    return { done: true, value: undefined };
  }

  async #answer({ done, value }: IteratorResult<unknown>): Promise<Answered> {
    if (done === true) return { done, value: undefined };
    return { done: false, value: await execute({ ...this.args, rootValue: value }) };
  }
}

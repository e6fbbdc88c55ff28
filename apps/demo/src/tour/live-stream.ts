import { dataOf, type Operation } from './answer.js';
import { TourError } from './tour-error.js';

const MESSAGE_SECONDS = 15;

/** The messages of one live subscription, one after another. */
export class LiveStream<Data> {
  constructor(
    private readonly operation: Operation<Data>,
    private readonly messages: AsyncIterableIterator<unknown>,
  ) {}

  /** The next message; TourError where none comes in time. */
  async next(): Promise<Data> {
    const late = new AbortController();
    try {
      const result = await Promise.race([this.arrival(), silence(this.operation.field, late.signal)]);
      if (result.done === true) throw new TourError(`\`${this.operation.field}\` ended by itself`);
      const message: unknown = result.value;
      return dataOf(this.operation, message);
    } finally {
      late.abort();
    }
  }

  /** Messages until one of them fits. */
  async until(fits: (data: Data) => boolean): Promise<Data> {
    for (;;) {
      const data = await this.next();
      if (fits(data)) return data;
    }
  }

  async end(): Promise<void> {
    await this.messages.return?.();
  }

  private async arrival(): Promise<IteratorResult<unknown, unknown>> {
    try {
      return await this.messages.next();
    } catch (error) {
      throw new TourError(`\`${this.operation.field}\` was cut off; is the gateway still running?`, error);
    }
  }
}

function silence(field: string, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      reject(
        new TourError(
          `nothing arrived on \`${field}\` for ${String(MESSAGE_SECONDS)} s; are gateway and worker running?`,
        ),
      );
    }, MESSAGE_SECONDS * 1000);
    over.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  });
}

import { describeExit, PartFailedError, type Part } from './part.js';

/** Someone asked for the end: Ctrl-C, or SIGTERM. */
export class ShutdownRequestedError extends Error {
  readonly code = 'SHUTDOWN_REQUESTED';
  constructor() {
    super('a stop was asked for');
    this.name = 'ShutdownRequestedError';
  }
}

/** Parts of the later stage use those of the earlier one, and are stopped before them. */
export type Stage = 'store' | 'program';

/**
 * Watches over parts. The first of two things decides: a part ends by itself, or `shutdown` is aborted. From then
 * on every wait made through `during` fails and no part is added; `stopAll` then stops what runs.
 */
export class Supervisor {
  private readonly parts: { part: Part; stage: Stage }[] = [];
  private readonly end: Promise<never>;
  private settle: (cause: Error) => void = () => undefined;
  private cause: Error | null = null;

  constructor(readonly shutdown: AbortSignal) {
    this.end = new Promise((_, reject) => {
      this.settle = (cause) => {
        this.cause ??= cause;
        reject(this.cause);
      };
    });
    // It may be decided while nobody waits.
    this.end.catch(() => undefined);
    const ask = (): void => {
      this.settle(new ShutdownRequestedError());
    };
    if (shutdown.aborted) ask();
    else shutdown.addEventListener('abort', ask, { once: true });
  }

  /** Starts a part and watches it; throws the cause where the end is decided already. */
  start<P extends Part>(stage: Stage, start: () => P): P {
    if (this.cause !== null) throw this.cause;
    const part = start();
    this.parts.push({ part, stage });
    void part.exited.then((exit) => {
      this.settle(new PartFailedError(part, describeExit(exit)));
    });
    return part;
  }

  /** Waits for the work, or throws the cause of the end. */
  during<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return Promise.race([this.end, work]);
  }

  /** Waits for the end and throws its cause. */
  untilEnd(): Promise<never> {
    return this.end;
  }

  get hasParts(): boolean {
    return this.parts.length > 0;
  }

  async stopAll(): Promise<void> {
    for (const stage of ['program', 'store'] as const) {
      await Promise.all(
        this.parts.filter((entry) => entry.stage === stage).map((entry) => entry.part.stop()),
      );
    }
  }
}

/**
 * Runs a system until its end and leaves nothing of it behind. `run` starts the parts and returns when all are
 * ready. Returns the exit code: 0 after a shutdown, 1 after a failure, which is written.
 */
export async function supervise(
  options: { shutdown: AbortSignal; write: (line: string) => void },
  run: (supervisor: Supervisor) => Promise<void>,
): Promise<number> {
  const supervisor = new Supervisor(options.shutdown);
  try {
    await run(supervisor);
    return await supervisor.untilEnd();
  } catch (error) {
    const asked = options.shutdown.aborted && !(error instanceof PartFailedError);
    if (supervisor.hasParts) options.write('stopping…');
    await supervisor.stopAll();
    options.write(asked ? 'stopped' : `error: ${describeError(error)}`);
    return asked ? 0 : 1;
  }
}

/** Refused connections carry their text in a code or in their parts. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

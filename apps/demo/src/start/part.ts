/** How a part ended. Both null: it could not be started. */
export interface PartExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One of the processes that make up the running system. */
export interface Part {
  readonly name: string;
  /** The newest lines that it wrote, oldest first. */
  readonly lastLines: readonly string[];
  readonly exited: Promise<PartExit>;
  /** Resolves when it has ended; may be called again. */
  stop(): Promise<void>;
}

/** A part ended, or did not get ready, without having been asked to stop. */
export class PartFailedError extends Error {
  readonly code = 'PART_FAILED';
  constructor(part: Part, what: string) {
    const lines = part.lastLines.map((line) => `  ${line}`);
    const said = lines.length === 0 ? 'it wrote nothing' : `its last lines:\n${lines.join('\n')}`;
    super(`the ${part.name} ${what}; everything else is stopped; ${said}`);
    this.name = 'PartFailedError';
  }
}

export function describeExit({ code, signal }: PartExit): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended by itself with exit code ${String(code)}`;
}

const LAST_LINES = 15;

/** Keeps the newest lines. */
export function remember(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > LAST_LINES) lines.shift();
}

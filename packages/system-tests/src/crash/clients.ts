import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';

export interface LoadOptions {
  readonly name: string;
  readonly seed: number;
  readonly urls: readonly string[];
  readonly apiKey: string;
  /** Whose units are spent and given back. */
  readonly customers: readonly string[];
  /** How many do so at once. */
  readonly lanes: number;
  /** Whose plan changes to and fro. */
  readonly subscriptions: readonly { readonly id: string; readonly customerId: string }[];
}

/** An operation as a client knows it: what it asked for, and what became of it each time it was sent. */
export interface Asked {
  readonly key: string;
  readonly kind: 'consume' | 'release' | 'change';
  readonly input: {
    readonly customerId: string;
    readonly feature?: string;
    readonly quantity?: number;
    readonly plan?: string;
  };
  readonly given: readonly Given[];
}

/** The answer that ended the asking; `sent`: how often it took. */
export interface Given {
  readonly sent: number;
  readonly error?: object;
  readonly consumed?: number;
  readonly revision?: string;
  readonly decision?: { readonly allowed: boolean; readonly code: string };
}

export interface Load {
  /** Operations whose outcome is known by now. */
  readonly answered: number;
  /** Ends every operation that was begun, and hands in all of them. */
  finish(): Promise<{ readonly answers: readonly Asked[]; readonly tries: number }>;
  /** Ends it as it stands, where a test has failed in its midst. */
  abandon(): void;
}

/** A client process that asks without end. */
export function startLoad(options: LoadOptions): Load {
  const child = fork(path.join(__dirname, 'client.cjs'));
  let answered = 0;
  child.on('message', (message: { answered?: number }) => (answered = message.answered ?? answered));
  const handedIn = answersOf(child);
  child.send(options);
  return {
    get answered() {
      return answered;
    },
    finish() {
      child.send('finish');
      return handedIn;
    },
    abandon() {
      handedIn.catch(() => undefined);
      child.kill('SIGKILL');
    },
  };
}

type HandedIn = Awaited<ReturnType<Load['finish']>>;

function answersOf(child: ChildProcess): Promise<HandedIn> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: Partial<HandedIn>) => {
      const { answers, tries } = message;
      if (answers !== undefined && tries !== undefined) resolve({ answers, tries });
    });
    child.once('exit', () => reject(new Error('a client process ended without handing in its answers')));
  });
}

/** What a parent asks a child process over their IPC channel, and the child's answer. */
export interface Question {
  readonly id: number;
  readonly ask: string;
  readonly input: unknown;
}
export type Answer =
  { readonly id: number; readonly output: unknown } | { readonly id: number; readonly error: string };

/** Answers the parent's questions by name; those of other names are someone else's. Ends with the parent. */
export function answerParent(handlers: Readonly<Record<string, (input: unknown) => unknown>>): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    if (!isQuestion(message)) return;
    const handler = handlers[message.ask];
    if (handler) void answer(message.id, () => handler(message.input));
  });
}

async function answer(id: number, work: () => unknown): Promise<void> {
  try {
    send({ id, output: (await work()) ?? null });
  } catch (error) {
    send({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

/** Where the parent is gone there is nobody to tell, and the process is about to end. */
function send(message: Answer | 'ready'): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

/** A server says where it listens as the gateway does: one JSON line with `url`; then it is ready. */
export function announce(url?: string): void {
  if (url !== undefined) process.stdout.write(`${JSON.stringify({ url })}\n`);
  send('ready');
}

function isQuestion(message: unknown): message is Question {
  return typeof message === 'object' && message !== null && 'ask' in message && 'id' in message;
}

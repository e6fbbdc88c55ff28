import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
/** Where the digits of `HTTP/1.1 200` stand. */
const STATUS = [9, 12] as const;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A keep-alive HTTP/1.1 connection with one request in flight. It costs a fifth of a full client, so that on a
 * small machine it is the server that is measured. Understands what the servers here send: a length, no chunks.
 */
export class Connection {
  #rest = NOTHING;
  readonly #socket: Socket;

  private constructor(
    socket: Socket,
    private readonly onAnswer: (answer: Answer) => void,
    private readonly onError: (error: Error) => void,
  ) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', onError);
    socket.on('end', () => onError(new Error('the server has closed the connection')));
  }

  static open(
    url: URL,
    onAnswer: (connection: Connection, answer: Answer) => void,
    onError: (error: Error) => void,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        const connection: Connection = new Connection(
          socket,
          (answer) => onAnswer(connection, answer),
          onError,
        );
        resolve(connection);
      });
    });
  }

  send(request: Buffer | string): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.removeAllListeners('end');
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = data;
    const headEnd = data.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = data.toString('latin1', 0, headEnd);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (length === undefined) {
      this.onError(new Error(`an answer without a length:\n${head}`));
      return;
    }
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(length);
    if (data.length < bodyEnd) return;
    this.#rest = data.subarray(bodyEnd);
    this.onAnswer({ status: Number(head.slice(...STATUS)), body: data.subarray(bodyStart, bodyEnd) });
  }
}

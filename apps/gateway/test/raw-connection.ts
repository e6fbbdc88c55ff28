import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** One answer as it came over a connection. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';

/** A keep-alive connection to which bytes are written as they stand. */
export class RawConnection {
  private received = '';
  private readonly ended: Promise<unknown>;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.received += text));
    socket.on('error', () => undefined);
    this.ended = once(socket, 'close');
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Resolves when the bytes have left. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, () => resolve()));
  }

  /** The next answer that came in. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const answer = this.take();
      if (answer) return answer;
      await once(this.socket, 'data');
    }
  }

  /** Resolves when the server has closed it. */
  async end(): Promise<void> {
    await this.ended;
  }

  /** Breaks it off, whatever is under way. */
  breakOff(): void {
    this.socket.destroy();
  }

  private take(): RawAnswer | null {
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return null;
    const [first = '', ...lines] = this.received.slice(0, headEnd).split('\r\n');
    const headers = new Headers(lines.map((line): [string, string] => split(line)));
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(headers.get('content-length'));
    if (this.received.length < bodyEnd) return null;
    const body = this.received.slice(bodyStart, bodyEnd);
    this.received = this.received.slice(bodyEnd);
    return { status: Number(first.split(' ')[1]), headers, body };
  }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** A POST of JSON as it goes over the wire. */
export function rawPost(
  body: string,
  headers: Readonly<Record<string, string>> = {},
  path = '/graphql',
): string {
  const all = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

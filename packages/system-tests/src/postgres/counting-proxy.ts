import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between gateways and their Postgres: counts what reaches it, and can be cut off. */
export class CountingProxy {
  /** Statements that were sent on, by name; those that have none by their text. */
  readonly statements = new Map<string, number>();
  /** Connections that were made. */
  connections = 0;
  readonly #open = new Set<Socket>();
  #isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('connection', (client) => {
      this.#connect(client);
    });
  }

  static async start(databaseUrl: string): Promise<CountingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CountingProxy(server, new URL(databaseUrl));
  }

  /** The database as it is reached through the proxy. */
  get url(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy is closed');
    const url = new URL(this.target);
    url.port = String(address.port);
    return url.toString();
  }

  count(name: string): number {
    return this.statements.get(name) ?? 0;
  }

  /** Ends every connection and lets no new one through, until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }

  /** From here on it counts anew. */
  mend(): void {
    this.statements.clear();
    this.connections = 0;
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #connect(client: Socket): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    this.connections += 1;
    const upstream = connect(Number(this.target.port), this.target.hostname);
    const messages = new ClientMessages((name) => this.statements.set(name, this.count(name) + 1));
    client.on('data', (chunk) => {
      messages.read(chunk);
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(chunk));
    this.#tie(client, upstream);
  }

  /** When one end is gone, so is the other. */
  #tie(client: Socket, upstream: Socket): void {
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(socket);
        other.destroy();
      });
    }
  }
}

/** What one client sends, cut into the messages of Postgres' protocol. */
class ClientMessages {
  #rest: Buffer = Buffer.alloc(0);
  #isStarted = false;

  constructor(private readonly onStatement: (name: string) => void) {}

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      // The first message has no type before its length.
      const typeBytes = this.#isStarted ? 1 : 0;
      if (this.#rest.length < typeBytes + 4) return;
      const end = typeBytes + this.#rest.readUInt32BE(typeBytes);
      if (this.#rest.length < end) return;
      if (this.#isStarted) this.#look(String.fromCharCode(this.#rest[0] ?? 0), this.#rest.subarray(5, end));
      this.#isStarted = true;
      this.#rest = this.#rest.subarray(end);
    }
  }

  #look(type: string, body: Buffer): void {
    const texts = body.toString('latin1').split('\0');
    // A query of the simple protocol is its text; a Bind names portal and statement.
    if (type === 'Q') this.onStatement(texts[0] ?? '');
    if (type === 'B') this.onStatement(texts[1] ?? '');
  }
}

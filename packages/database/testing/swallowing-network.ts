import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network to a PostgreSQL server that can stop carrying anything, without a word to either side. */
export class SwallowingNetwork {
  readonly #sockets = new Set<Socket>();
  #swallows = false;

  private constructor(
    private readonly server: Server,
    /** The server's URL by way of this network. */
    readonly url: string,
  ) {}

  static async to(databaseUrl: string): Promise<SwallowingNetwork> {
    const target = new URL(databaseUrl);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    const url = new URL(databaseUrl);
    url.port = String(address.port);
    const network = new SwallowingNetwork(server, url.href);
    server.on('connection', (socket) => {
      network.#carry(socket, connect(Number(target.port), target.hostname));
    });
    return network;
  }

  swallow(): void {
    this.#swallows = true;
    for (const socket of this.#sockets) socket.pause();
  }

  carryOn(): void {
    this.#swallows = false;
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  #carry(one: Socket, other: Socket): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (data) => to.write(data));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#swallows) from.pause();
    }
  }
}

import type { IncomingMessage } from 'node:http';
import { CloseCode, type WebSocket as ProtocolSocket } from 'graphql-ws';
import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import { requestIdOf } from '../request-scope.js';
import type { KeyHolder, SocketKey } from './socket-keys.js';

/** By which clients are told to come again; on the library's 4500 (Internal server error) they give up. */
const TRY_AGAIN_LATER = 1013;

type MessageListener = (data: string) => Promise<void>;

/**
 * An open socket as the protocol's library sees it. There may be tens of thousands that wait: of the request that
 * opened it no more is kept than is needed later.
 */
export class OpenSocket implements ProtocolSocket, KeyHolder {
  /** The key that it was let in with. */
  key: SocketKey | null = null;
  /** Of the request that opened it. */
  readonly requestId: string;
  /** Given up as soon as the key is known. */
  authorization: string | undefined;
  #answersPings = true;

  constructor(
    private readonly socket: WebSocket,
    { headers }: IncomingMessage,
    private readonly logger: Logger,
  ) {
    this.requestId = flat(requestIdOf(headers['x-request-id']));
    this.authorization = headers.authorization;
    socket.on('error', (error) => {
      this.#broken(error, 'a socket failed');
    });
    socket.on('pong', () => (this.#answersPings = true));
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  /** Settles when it is on its way: who writes more than the other side reads waits. */
  send(data: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) {
        resolve();
        return;
      }
      this.socket.send(data, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(code: CloseCode, reason: string): void {
    this.socket.close(code, reason);
  }

  /** For now nobody can be let in: clients come again by themselves. */
  comeAgain(reason: string): void {
    this.socket.close(TRY_AGAIN_LATER, reason);
  }

  keyEnded(): void {
    this.close(CloseCode.Forbidden, 'Forbidden');
  }

  onMessage(listener: MessageListener): void {
    this.socket.on('message', (data: Buffer) => {
      listener(data.toString()).catch((error: unknown) => {
        this.#broken(error, 'a message on a socket could not be handled');
      });
    });
  }

  /** Asks whether the other side is there; ends the socket where the last question has had no answer. */
  ping(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (!this.#answersPings) {
      this.socket.terminate();
      return;
    }
    this.#answersPings = false;
    this.socket.ping();
  }

  #broken(error: unknown, message: string): void {
    this.logger.warn({ err: error, requestId: this.requestId }, message);
    this.close(CloseCode.InternalServerError, 'Internal server error');
  }
}

/** The same text in one piece: one that was put together is kept with all its pieces. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

import type { IncomingMessage } from 'node:http';
import {
  CloseCode,
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  type Message,
  MessageType,
  parseMessage,
  type SubscribeMessage,
} from 'graphql-ws';
import { WebSocket } from 'ws';
import { Turns } from '@licet/database';
import { formatError, type ErrorScope } from '../errors/format-error.js';
import { requestIdOf } from '../request-scope.js';
import { ApiError } from '../errors/api-error.js';
import type { Channel } from './channel.js';
import type { KeepAlive, Probed } from './keep-alive.js';
import { Operation, type OperationServices } from './operation.js';
import type { KeyHolder, SocketKey, SocketKeys } from './socket-keys.js';

/** By which clients are told to come again; on 4500 (Internal server error) the usual ones give up. */
const TRY_AGAIN_LATER = 1013;
/** By which clients are told that the gateway goes: at once they come again, elsewhere. */
const SERVICE_RESTART = 1012;
/** By which a client is told that it reads too slowly, and is to resume from its cursor. */
const TOO_SLOW = 4510;
/** Answers that may be on their way at once over one socket; the others wait until the client has read some. */
const TURNS_MAX = 32;
/** Operations that a socket may have at once. */
const OPERATIONS_MAX = 1000;
/** Bytes that may be unread when something is to be told for which no operation waits: a pong, or an error. */
const UNREAD_MAX = 4 * 1024 * 1024;
/** Within which a socket has to begin. */
const BEGIN_MILLISECONDS = 3000;

/** What all sockets share. */
export interface SocketServices extends OperationServices {
  readonly keys: SocketKeys;
  readonly keepAlive: KeepAlive;
}

/**
 * A socket of `graphql-transport-ws` (docs/decisions/0015). There may be tens of thousands that wait: each is this
 * object, listeners are the same for all, and of the request that opened it no more is kept than is needed later.
 */
export class LiveSocket extends WebSocket implements Channel, KeyHolder, Probed {
  #shared: SocketServices | null = null;
  #requestId = '';
  /** Given up as soon as the key is known. */
  #authorization: string | undefined;
  /** The key that it was let in with. */
  #key: SocketKey | null = null;
  #isLetIn = false;
  /** Until it begins. */
  #patience: NodeJS.Timeout | null = null;
  #answersProbes = true;
  /** By the client's id; null: none was begun. */
  #operations: Map<string, Operation> | null = null;
  /** Null: nothing was to be answered. */
  #turns: Turns | null = null;
  /** It is to be closed as soon as nothing is under way that ends by itself. */
  #isLeaving = false;

  /** What it is asked is answered from now on. */
  open(shared: SocketServices, { headers }: IncomingMessage): void {
    this.#shared = shared;
    this.#requestId = flat(requestIdOf(headers['x-request-id']));
    this.on('error', onError);
    if (this.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
      this.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable');
      return;
    }
    this.#authorization = headers.authorization;
    this.#patience = setTimeout(endPatience, BEGIN_MILLISECONDS, this);
    this.on('message', onMessage);
    this.on('pong', onPong);
    this.on('ping', onPing);
    this.on('close', onClose);
    shared.keepAlive.add(this);
  }

  get lane(): 'socket' {
    return 'socket';
  }

  /** How many operations are not over. */
  get operations(): number {
    return this.#operations?.size ?? 0;
  }

  tell(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.readyState !== WebSocket.OPEN) {
        resolve();
        return;
      }
      const waitsForNobody = message.type === MessageType.Pong || message.type === MessageType.Error;
      if (waitsForNobody && this.#leavesUnread()) {
        this.tooSlow();
        resolve();
        return;
      }
      this.send(JSON.stringify(message), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  inTurn(work: () => Promise<void>): Promise<void> {
    return (this.#turns ??= new Turns(TURNS_MAX)).take(work);
  }

  tooSlow(): void {
    this.close(TOO_SLOW, 'Too slow: resume from your cursor');
  }

  unavailable(): void {
    this.close(TRY_AGAIN_LATER, 'the database is out of reach; try again');
  }

  #leavesUnread(): boolean {
    return this.bufferedAmount > UNREAD_MAX;
  }

  /** A ping of the socket's own protocol, which is answered already. */
  wasPinged(): void {
    if (this.#leavesUnread()) this.tooSlow();
  }

  /** For an operation of this socket. */
  scopeOf(id: string): ErrorScope {
    return { requestId: `${this.#requestId}/${id}`, logger: this.#services.services.logger };
  }

  get key(): SocketKey | null {
    return this.#key;
  }

  keyEnded(): void {
    this.close(CloseCode.Forbidden, 'Forbidden');
  }

  /** Asks whether the other side is there; ends the socket where the last question has had no answer. */
  probe(): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (!this.#answersProbes) {
      this.terminate();
      return;
    }
    this.#answersProbes = false;
    this.ping();
  }

  answersProbe(): void {
    this.#answersProbes = true;
  }

  /** The gateway goes: what ends by itself is answered still, then the socket is closed, to be opened elsewhere. */
  goAway(): void {
    this.#isLeaving = true;
    this.#goWhenDone();
  }

  #goWhenDone(): void {
    if (!this.#isLeaving) return;
    for (const operation of this.#operations?.values() ?? []) if (!operation.isFollowing) return;
    this.goNow();
  }

  /** The gateway goes, whatever is under way. */
  goNow(): void {
    this.close(SERVICE_RESTART, 'Service restart');
  }

  follows(): void {
    this.#goWhenDone();
  }

  async receive(text: string): Promise<void> {
    const message = messageIn(text);
    switch (message?.type) {
      case MessageType.ConnectionInit:
        return this.#begin(message.payload);
      case MessageType.Ping:
        return this.tell({ type: MessageType.Pong, ...(message.payload && { payload: message.payload }) });
      case MessageType.Pong:
        return;
      case MessageType.Subscribe: {
        this.#subscribe(message);
        return;
      }
      case MessageType.Complete:
        return this.#operations?.get(message.id)?.leave();
      // What only servers send, or nothing that there is.
      case MessageType.ConnectionAck:
      case MessageType.Next:
      case MessageType.Error:
      case undefined:
        this.close(CloseCode.BadRequest, 'Invalid message received');
    }
  }

  forget(id: string): void {
    this.#operations?.delete(id);
  }

  /** It is closed. */
  async leave(): Promise<void> {
    this.#services.keepAlive.leave(this);
    if (this.#patience) clearTimeout(this.#patience);
    this.#key?.leave(this);
    const operations = [...(this.#operations?.values() ?? [])];
    await Promise.all(operations.map((operation) => operation.leave()));
  }

  broken(error: unknown, message: string): void {
    this.#services.services.logger.warn({ err: error, requestId: this.#requestId }, message);
    this.close(CloseCode.InternalServerError, 'Internal server error');
  }

  get #services(): SocketServices {
    if (this.#shared === null) throw new Error('a socket is opened before it is used');
    return this.#shared;
  }

  async #begin(payload: Readonly<Record<string, unknown>> | null | undefined): Promise<void> {
    if (this.#patience === null) {
      this.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests');
      return;
    }
    clearTimeout(this.#patience);
    this.#patience = null;
    const header = payload?.['authorization'] ?? payload?.['Authorization'] ?? this.#authorization;
    this.#authorization = undefined;
    this.#key = this.#services.keys.hold(header, this);
    if (!(await this.#mayEnter(this.#key))) return;
    this.#isLetIn = true;
    await this.tell({ type: MessageType.ConnectionAck });
  }

  /** Whether the key allows anything. While that cannot be found out, the socket is closed to be opened again. */
  async #mayEnter(key: SocketKey): Promise<boolean> {
    try {
      if ((await key.open()) !== null) return true;
      this.close(CloseCode.Forbidden, 'Forbidden');
    } catch (error) {
      const scope = { requestId: this.#requestId, logger: this.#services.services.logger };
      if (formatError(error, scope).extensions?.['code'] !== 'UNAVAILABLE') throw error;
      this.unavailable();
    }
    return false;
  }

  #subscribe({ id, payload }: SubscribeMessage): void {
    if (!this.#isLetIn) {
      this.close(CloseCode.Unauthorized, 'Unauthorized');
      return;
    }
    const operations = (this.#operations ??= new Map<string, Operation>());
    if (operations.has(id)) {
      this.close(CloseCode.SubscriberAlreadyExists, `Subscriber for ${id} already exists`);
      return;
    }
    // Clients ask again when they have come again.
    if (this.#isLeaving) return;
    if (operations.size >= OPERATIONS_MAX) {
      this.#refuse(id);
      return;
    }
    const operation = new Operation(this, id, this.#services);
    operations.set(id, operation);
    void operation.begin(payload).then(() => {
      this.#goWhenDone();
    });
  }

  #refuse(id: string): void {
    const problem = `a socket may have ${String(OPERATIONS_MAX)} operations at once; complete some, or open another socket`;
    const payload = [formatError(new ApiError('RATE_LIMITED', problem), this.scopeOf(id))];
    void this.tell({ id, type: MessageType.Error, payload }).catch((error: unknown) => {
      this.broken(error, 'an error could not be told');
    });
  }
}

function messageIn(text: string): Message | null {
  try {
    return parseMessage(text);
  } catch {
    return null;
  }
}

function endPatience(socket: LiveSocket): void {
  socket.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout');
}

function onMessage(this: WebSocket, data: Buffer): void {
  const socket = live(this);
  socket.receive(data.toString()).catch((error: unknown) => {
    socket.broken(error, 'a message on a socket could not be handled');
  });
}

function onPong(this: WebSocket): void {
  live(this).answersProbe();
}

function onPing(this: WebSocket): void {
  live(this).wasPinged();
}

function onError(this: WebSocket, error: Error): void {
  live(this).broken(error, 'a socket failed');
}

function onClose(this: WebSocket): void {
  const socket = live(this);
  socket.leave().catch((error: unknown) => {
    socket.broken(error, 'a socket could not be left');
  });
}

function live(socket: WebSocket): LiveSocket {
  if (!(socket instanceof LiveSocket)) throw new TypeError('listeners of live sockets are on no others');
  return socket;
}

/** The same text in one piece: one that was put together is kept with all its pieces. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

import type { Message } from 'graphql-ws';
import type { ErrorScope } from '../errors/format-error.js';
import type { Lane } from '../metrics.js';
import type { SocketKey } from './socket-keys.js';

/** What operations are asked and answered over: a WebSocket, or a stream of server-sent events. */
export interface Channel {
  readonly lane: Lane;
  /** What it was let in with; null: it is not. */
  readonly key: Pick<SocketKey, 'access'> | null;
  /** Settles when it is on its way: who writes more than the other side reads waits. */
  tell(message: Message): Promise<void>;
  /** Runs what tells something, as soon as no more than some others are doing so. */
  inTurn(work: () => Promise<void>): Promise<void>;
  /** For an operation of this channel. */
  scopeOf(id: string): ErrorScope;
  /** An operation has begun to follow what happens: it does not end by itself. */
  follows(id: string): void;
  /** An operation is over. */
  forget(id: string): void;
  /** The other side reads too slowly: it is to come again, and to resume from its cursor. */
  tooSlow(): void;
  /** What comes next cannot be read now: the other side is to come again a little later, and to resume from its cursor. */
  unavailable(): void;
  broken(error: unknown, message: string): void;
}

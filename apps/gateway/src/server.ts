import 'reflect-metadata';
import type { Services } from './context.js';
import { addCloudEvents } from './cloud-events.js';
import { addCrossOrigin } from './cross-origin.js';
import { addAuthzen } from './doors/authzen/authzen.js';
import { EvaluationEntrance } from './doors/authzen/evaluation-entrance.js';
import { FlagEntrance } from './doors/ofrep/flag-entrance.js';
import { addOfrep } from './doors/ofrep/ofrep.js';
import { addSnapshot } from './doors/snapshot.js';
import { FastLane } from './fast-lane/fast-lane.js';
import { FrontDoor } from './fast-lane/front-door.js';
import { GraphqlEntrance } from './fast-lane/graphql-entrance.js';
import { RegisteredDocuments } from './fast-lane/registered-documents.js';
import { addGraphqlServer, GRAPHQL_PATH } from './graphql-server.js';
import { createHttpServer, storeNothing } from './http.js';
import { addKeySet } from './key-set.js';
import { KeepAlive } from './live/keep-alive.js';
import { KnownDocuments } from './live/known-documents.js';
import { SocketKeys } from './live/socket-keys.js';
import { addSocketServer } from './live/socket-server.js';
import { addStreamServer } from './live/stream-server.js';
import { buildApiSchema } from './schema/api-schema.js';
import { toSubgraphSchema } from './schema/subgraph-schema.js';

export interface GatewayServer {
  readonly port: number;
  readonly url: string;
  /** Lets requests in flight finish, ends sockets; called again it answers when the first call is done. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Documents by the hexadecimal SHA-256 of their text. */
  readonly trustedDocuments?: ReadonlyMap<string, string>;
  /** Origin under which clients reach the gateway; null: none is configured. */
  readonly publicUrl?: string | null;
  /** Whether routers that ask for it are told how long fields took. */
  readonly federatedTraces?: boolean;
}

/** Starts the gateway. The database and the feed stay their owner's to close, after the server. */
export async function startServer(
  services: Services,
  { host, port, trustedDocuments = new Map(), publicUrl = null, federatedTraces = false }: ListenOptions,
): Promise<GatewayServer> {
  const schema = toSubgraphSchema(buildApiSchema());
  const documents = new RegisteredDocuments(trustedDocuments);
  const fastLane = new FastLane(schema, documents, services, federatedTraces);
  const frontDoor = new FrontDoor(services, [
    new GraphqlEntrance(fastLane, services, GRAPHQL_PATH),
    new FlagEntrance(services),
    new EvaluationEntrance(services),
  ]);
  const http = createHttpServer(services, frontDoor);
  storeNothing(http);
  addCloudEvents(http, services);
  addKeySet(http, services);
  addSnapshot(http, services);
  addCrossOrigin(http, services.crossOrigin, GRAPHQL_PATH);
  addOfrep(http, services);
  addAuthzen(http, services, { publicUrl });
  const apollo = await addGraphqlServer(http, {
    ...{ schema, services, documents, fastLane },
    traces: federatedTraces,
  });
  const keepAlive = new KeepAlive();
  const live = {
    ...{ schema, services, keepAlive },
    keys: new SocketKeys(services),
    documents: new KnownDocuments(schema),
  };
  const sockets = addSocketServer(http.server, live);
  const streams = addStreamServer(http, live);
  services.metrics.observeLive(
    { socket: () => sockets.observed, sse: () => streams.observed },
    () => services.feed.waitingBytes,
  );
  // Before connections are drained: an open subscription would hold the server up for ever. Nothing waits for them
  // here, so that the server stops accepting at once.
  http.addHook('preClose', (done) => {
    keepAlive.close();
    streams.dispose();
    void sockets.dispose();
    done();
  });
  const url = await http.listen({ host, port });
  let closed: Promise<void> | null = null;
  return {
    port: Number(new URL(url).port),
    url,
    close: () => (closed ??= apollo.stop().then(() => sockets.dispose())),
  };
}

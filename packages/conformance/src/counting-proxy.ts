import { listen } from '../fixtures/subgraph.js';

/** Stands between a client and the gateway, and counts what goes through. */
export interface CountingProxy {
  readonly url: string;
  /** The first operation field of each request since it was last asked for. */
  taken(): readonly string[];
  /** From here on nobody answers at the address. */
  stop(): Promise<void>;
}

/** `port`: where one was before; left out: a free one. */
export async function countingProxy(target: string, port = 0): Promise<CountingProxy> {
  let asked: string[] = [];
  const server = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      asked.push(/\b(checkMany|consumeMany|features)\b/.exec(body.toString())?.[1] ?? 'other');
      void forward(target, request.headers.authorization, body).then(({ status, text }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      });
    });
  }, port);
  return {
    url: server.url,
    taken() {
      const taken = asked;
      asked = [];
      return taken;
    },
    stop: () => server.stop(),
  };
}

async function forward(
  target: string,
  authorization: string | undefined,
  body: Buffer,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(target, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: new Uint8Array(body),
  });
  return { status: response.status, text: await response.text() };
}

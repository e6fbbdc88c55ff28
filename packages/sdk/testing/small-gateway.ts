import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AskedOfLender, Lender } from './lender.js';
import { type Payload, Signer, statePayload } from './signer.js';

interface Asked extends AskedOfLender {
  readonly variables: AskedOfLender['variables'] & { readonly decisions?: Report[] };
}

type Report = { readonly id: string } & Readonly<Record<string, unknown>>;

const UNREADABLE = { errors: [{ message: 'a NUL', extensions: { code: 'BAD_USER_INPUT' } }] };
const TAKEN = { data: { reportDecisions: { accepted: 1, duplicates: 0, rejected: [] } } };

/** Seconds that a snapshot is fresh, stale and in grace. */
export const SPANS = { fresh: 10, stale: 20, grace: 30 };

/**
 * The few addresses of a gateway that a client asks, over real HTTP, with snapshots of one customer that are really signed. What a
 * whole gateway does is shown in packages/system-tests.
 */
export class SmallGateway {
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly bodies: string[] = [];
  counter = 0;
  state: Payload = statePayload();
  readonly lender = new Lender();
  /** Answers each consume; `null`: the connection is cut instead. */
  consumes: (object | null)[] = [];
  /** The decisions of each report that has come. */
  reports: Report[][] = [];
  /** Answers the next reports; else all are taken. `null`: the connection is cut instead. */
  reportAnswers: (object | null)[] = [];
  /** Reports that are refused as a whole. */
  isUnreadable: (body: string) => boolean = () => false;
  /** Takes the place of the next answers to snapshot requests. */
  instead: { readonly status: number; readonly body: string }[] = [];
  /** Headers `authorization` that are not taken any more. */
  readonly ended = new Set<string>();
  /** What everybody who follows is told at once, and nothing after it; null: they are taken. */
  refusal: string | null = null;
  #server: Server | null = null;
  #port = 0;
  #streams = new Set<ServerResponse>();
  cursors: unknown[] = [];

  private constructor(
    public signer: Signer,
    public now: () => number,
  ) {}

  static async start(now: () => number): Promise<SmallGateway> {
    const gateway = new SmallGateway(await Signer.make(), now);
    await gateway.up();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Tells all who follow that something has changed. */
  tell(cursor: string): void {
    this.#send({ data: { entitlementsChanged: { cursor } } });
  }

  /** Ends all streams with an error of this code. */
  tellErrors(code: string): void {
    this.#send({ errors: [{ message: 'no', extensions: { code } }] });
  }

  #send(result: object): void {
    for (const stream of this.#streams) stream.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
  }

  get followers(): number {
    return this.#streams.size;
  }

  async token(change: object = {}): Promise<string> {
    this.counter += 1;
    const iat = Math.floor(this.now() / 1000);
    const refreshAfter = iat + SPANS.fresh;
    const graceFrom = refreshAfter + SPANS.stale;
    const times = { iat, refreshAfter, graceFrom, exp: graceFrom + SPANS.grace };
    return this.signer.sign({ ...this.state, ...times, counter: this.counter, ...change });
  }

  get #etag(): string {
    const text = JSON.stringify([this.state, this.signer.jwk.kid]);
    return `"${createHash('sha256').update(text).digest('base64url')}"`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.url);
    this.requests.push(pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (this.ended.has(request.headers.authorization ?? '')) {
      response.writeHead(401).end();
      return;
    }
    switch (pathname) {
      case '/v1/snapshot':
        this.authorizations.push(request.headers.authorization);
        return this.#snapshot(request, response);
      case '/.well-known/jwks.json':
        response.end(JSON.stringify({ keys: [this.signer.jwk] }));
        return;
      case '/graphql/stream':
        this.cursors.push(JSON.parse(body).variables.after);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(':\n\n');
        this.#streams.add(response);
        if (this.refusal !== null) this.tellErrors(this.refusal);
        response.on('close', () => this.#streams.delete(response));
        return;
      default: {
        const asked: Asked = JSON.parse(body);
        const { query, variables } = asked;
        const lent = this.lender.answer(asked, this.now());
        if (lent !== null) {
          if (this.lender.lost-- > 0) response.destroy();
          else response.end(JSON.stringify(lent));
          return;
        }
        const isReport = query.includes('reportDecisions');
        const isUnreadable = isReport && this.isUnreadable(body);
        if (!isReport) this.bodies.push(body);
        else if (!isUnreadable) this.reports.push(variables.decisions ?? []);
        const answers = isReport
          ? [isUnreadable ? UNREADABLE : TAKEN, ...this.reportAnswers.splice(0, 1)]
          : this.consumes.splice(0, 1);
        const next = answers.at(-1);
        if (next === null || next === undefined) response.destroy();
        else response.end(JSON.stringify(next));
      }
    }
  }

  async #snapshot(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const instead = this.instead.shift();
    if (instead !== undefined) {
      response.writeHead(instead.status).end(instead.body);
    } else if (request.headers['if-none-match'] === this.#etag) {
      response.writeHead(304).end();
    } else {
      const token = await this.token();
      response.writeHead(200, { etag: this.#etag }).end(token);
    }
  }
}

import type { FastifyInstance } from 'fastify';

/** How long browsers may keep the answer to a preflight, in seconds; none keeps it longer. */
const PREFLIGHT_KEPT = 7_200;

/** Of which pages of other origins may read what the gateway answers in a browser. */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  /** `origins`: as browsers send them, `https://app.example.com`; none: no page of another origin may. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  get isOff(): boolean {
    return this.#origins.size === 0;
  }

  /**
   * Whether a page of this origin may follow what happens: one of the gateway's own (`host`: as the request names it), or of an
   * origin that is allowed. Programs other than browsers name none.
   */
  letsIn(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined || this.#origins.has(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  }

  /** What an answer to a page of this origin carries, by name; nothing where none is let in. */
  headersFor(origin: string | undefined): Readonly<Record<string, string>> {
    if (this.isOff) return {};
    // Whoever keeps answers keeps them by origin.
    if (origin === undefined || !this.#origins.has(origin)) return { vary: 'Origin' };
    return {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-request-id, retry-after, etag',
    };
  }
}

/** The text of an origin as browsers send it; null where it is none: a path, `*`, or another scheme than http and https. */
export function parseOrigin(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOfWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  return isOfWeb && url.origin === text.toLowerCase() ? url.origin : null;
}

/** Lets pages of allowed origins ask at `path`; to be called before what answers there is added. */
export function addCrossOrigin(server: FastifyInstance, crossOrigin: CrossOrigin, path: string): void {
  if (crossOrigin.isOff) return;
  server.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.url === path) void reply.headers(crossOrigin.headersFor(request.headers.origin));
    done();
  });
  server.options(path, (request, reply) => {
    const isLetIn = 'access-control-allow-origin' in crossOrigin.headersFor(request.headers.origin);
    if (isLetIn)
      void reply.headers({
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers':
          'authorization, content-type, if-none-match, apollo-require-preflight, x-request-id',
        'access-control-max-age': String(PREFLIGHT_KEPT),
      });
    return reply.code(204).send();
  });
}

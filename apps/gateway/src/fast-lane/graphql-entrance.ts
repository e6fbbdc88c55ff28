import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Services } from '../context.js';
import type { HttpAnswer } from '../errors/http-failure.js';
import type { Answering, Asked, Entrance } from './front-door.js';
import { type FastLane, LANE_HEADER } from './fast-lane.js';

/** Operations at `path` whose document is registered or compiled. */
export class GraphqlEntrance implements Entrance {
  constructor(
    private readonly lane: FastLane,
    private readonly services: Services,
    private readonly path: string,
  ) {}

  isAt(url: string): boolean {
    return url === this.path;
  }

  prepare({ request, body }: Asked): Answering | null {
    const asked = this.lane.read(body, request.headers);
    const prepared = asked && this.lane.prepareKnown(asked);
    if (!prepared) return null;
    const { contentType } = asked;
    return (context) => {
      const text = this.lane.execute(prepared, context);
      return typeof text === 'string'
        ? answerOf(text, contentType, context)
        : text.then((done) => answerOf(done, contentType, context));
    };
  }

  headersFor({ headers }: IncomingMessage): readonly string[] {
    const { crossOrigin } = this.services;
    if (crossOrigin.isOff) return LANE;
    return [...LANE, ...Object.entries(crossOrigin.headersFor(headers.origin)).flat()];
  }
}

const LANE: readonly string[] = [LANE_HEADER, 'compiled'];

function answerOf(body: string, contentType: string, { retryAfter }: GatewayContext): HttpAnswer {
  return { status: 200, contentType, body, retryAfter };
}

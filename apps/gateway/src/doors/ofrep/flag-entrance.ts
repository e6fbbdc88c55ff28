import type { Services } from '../../context.js';
import type { Answering, Asked, Entrance } from '../../fast-lane/front-door.js';
import { answerAtDoor, DOOR_ROLE, type DoorOperation, doorFailure } from '../door.js';
import { evaluateOne, readFlagCheck } from './evaluate.js';
import { evaluationFailure, flagNotFound } from './ofrep-error.js';

export const FLAGS_PATH = '/ofrep/v1/evaluate/flags';
/** What the evaluation of a single flag counts as. */
export const ONE_FLAG: DoorOperation = { door: 'ofrep', operation: 'check' };

const ONE = `${FLAGS_PATH}/`;
/** What stands in an address as it is. */
const PLAIN_KEY = /^[\w-]{1,255}$/;

/** The evaluation of a single flag, before the framework. What is wrong with its body, the framework's route says. */
export class FlagEntrance implements Entrance {
  constructor(private readonly services: Services) {}

  isAt(url: string): boolean {
    return url.startsWith(ONE) && PLAIN_KEY.test(url.slice(ONE.length));
  }

  prepare({ request, access, body }: Asked): Answering | null {
    if (!hasContextAlone(body)) return null;
    access.requireOperation(ONE_FLAG.operation, DOOR_ROLE);
    const key = (request.url ?? '').slice(ONE.length);
    const check = readFlagCheck(access, key, body);
    const { logger, metrics } = this.services;
    return (context) => {
      metrics.operation(ONE_FLAG.door);
      return answerAtDoor(
        () => evaluateOne(context, check),
        (flag) => ({ status: flag === null ? 404 : 200, body: flag ?? flagNotFound(key) }),
        (error) => {
          const failure = doorFailure(error, { id: context.requestId, logger });
          return { ...failure, body: evaluationFailure(error, failure, key) };
        },
      );
    };
  }

  headersFor(): readonly string[] {
    return [];
  }
}

/** Of other members of a body the framework's parser has an opinion. */
function hasContextAlone(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).join() === 'context';
}

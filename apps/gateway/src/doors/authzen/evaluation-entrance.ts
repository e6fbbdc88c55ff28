import type { IncomingMessage } from 'node:http';
import type { Services } from '../../context.js';
import type { Answering, Asked, Entrance } from '../../fast-lane/front-door.js';
import { answerCheck, readCheck } from '../../modules/check/check-many.js';
import { isRequestId } from '../../request-scope.js';
import { answerAtDoor, DOOR_ROLE, type DoorOperation, doorFailure } from '../door.js';
import { readObject } from '../read-value.js';
import { EVALUATION_PATH } from './configuration.js';
import { answerOf, readEvaluation } from './evaluation.js';
import { repeatedName } from './unique-names.js';

/** What a single evaluation counts as. */
export const ONE_EVALUATION: DoorOperation = { door: 'authzen', operation: 'check' };

/** A single evaluation, before the framework. What is wrong with its body, or rests on no decision, the framework's route says. */
export class EvaluationEntrance implements Entrance {
  constructor(private readonly services: Services) {}

  isAt(url: string): boolean {
    return url === EVALUATION_PATH;
  }

  prepare({ request, access, text, body }: Asked): Answering | null {
    if (!isEchoed(request) || repeatedName(text) !== null) return null;
    access.requireOperation(ONE_EVALUATION.operation, DOOR_ROLE);
    const evaluation = readObject('', body);
    if ('query' in evaluation) return null;
    const asked = readEvaluation(access, evaluation);
    if ('status' in asked) return null;
    const check = readCheck({ access }, asked, '');
    const { logger, metrics } = this.services;
    return (context) => {
      metrics.operation(ONE_EVALUATION.door);
      return answerAtDoor(
        () => answerCheck(context, check),
        (decision) => ({ status: 200, body: answerOf(decision) }),
        (error) => {
          const failure = doorFailure(error, { id: context.requestId, logger });
          return { ...failure, body: { error: failure.message, code: failure.code } };
        },
      );
    };
  }

  headersFor(): readonly string[] {
    return [];
  }
}

/** Whether the id that the request is known by here is the one that it came with, which has to come back. */
function isEchoed({ headers }: IncomingMessage): boolean {
  const id = headers['x-request-id'];
  return id === undefined || isRequestId(id);
}

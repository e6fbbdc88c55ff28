import type { Race } from '../race.js';
import { besideConsume } from './beside-consume.js';

/** Both on one hot counter: a pair is two operations, the row of a reservation and its change. */
export const reserveCommit: Race = {
  name: 'reserve-commit',
  question: 'How many units can be held and then spent, beside plain spends?',
  run: (setting) =>
    besideConsume(setting, 'pairs', {
      race: 'reserve-commit',
      measure: 'pairs on one hot counter',
      unit: 'per s',
      against: 'consume on the same counter',
      goal: 0.4,
    }),
};

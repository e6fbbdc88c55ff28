/** The client of every HTTP race, as a process of its own. */
import { announce, answerParent } from '../processes/answers.js';
import { isLoadRequest } from './load.js';
import { Load } from './run-load.js';

answerParent({
  load(input) {
    if (!isLoadRequest(input)) throw new TypeError('this is no load');
    return new Load(input).run();
  },
});
announce();

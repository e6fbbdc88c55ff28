/** Our decision: the customer's state is looked up by id, and `decide` is asked for units of a metered feature. */
import { decide, instant } from '@licet/domain';
import { serve } from './measure.js';
import { LIMIT } from './questions.js';
import { statesAt } from './states.js';

const NOW = instant(Date.UTC(2026, 0, 20));
const states = statesAt(NOW);

serve({
  pass(questions) {
    let sum = 0;
    for (const question of questions) {
      const state = states.get(question.customer);
      if (state === undefined) throw new Error('a question about nobody');
      const decision = decide(state, question, NOW);
      sum += decision.allowed ? (decision.remaining ?? 0) : -1;
    }
    return sum;
  },
  worth: (used, quantity) => (used + quantity <= LIMIT ? LIMIT - used : -1),
});

/** The floor: what a decision would cost if it were only to find what is left, by customer and by feature. */
import { serve } from './measure.js';
import { CUSTOMERS, FEATURES, LIMIT, usedBy } from './questions.js';

const left = new Map(
  CUSTOMERS.map((id, place) => [id, new Map(FEATURES.map((feature) => [feature, LIMIT - usedBy(place)]))]),
);

serve({
  pass(questions) {
    let sum = 0;
    for (const { customer, feature } of questions) sum += left.get(customer)?.get(feature) ?? 0;
    return sum;
  },
  worth: (used) => LIMIT - used,
});

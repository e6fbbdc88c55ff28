import { ADD_ONS } from './add-ons.js';
import { FEATURES } from './features.js';
import { PLANS } from './plans.js';
import { TRANSITIONS } from './transitions.js';

/**
 * What the histories are sold by: two families, each rule of a plan at least once. The model reads it as it stands
 * here; the gateway gets it as a document.
 */
export function catalogDocument(): Readonly<Record<string, unknown>> {
  const plans = Object.fromEntries(
    Object.entries(PLANS).map(([key, spec]) => [key, { name: key, model: 'subscription', ...spec }]),
  );
  const addOns = Object.fromEntries(
    Object.entries(ADD_ONS).map(([key, spec]) => [key, { name: key, ...spec }]),
  );
  return {
    catalog: 1,
    name: 'Histories',
    staleFor: 'P3650D',
    features: FEATURES,
    plans,
    addOns,
    transitions: TRANSITIONS,
  };
}

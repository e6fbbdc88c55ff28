import { specifiedRules, type ValidationRule } from 'graphql';
import { costLimit } from './cost-limit.js';
import { depthLimit } from './depth-limit.js';

/** What this API asks of documents beyond the language. */
export const OWN_RULES: readonly ValidationRule[] = [depthLimit, costLimit];

/** All that a document must fulfil, whichever way it comes. */
export const VALIDATION_RULES: readonly ValidationRule[] = [...specifiedRules, ...OWN_RULES];

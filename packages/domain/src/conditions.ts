/** What reads the conditions of a snapshot: CEL, which is large, and is loaded where a snapshot has some. */
export { readCondition } from './condition/read-condition.js';

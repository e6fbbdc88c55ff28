import type { Race } from '../race.js';
import { checkHttp } from './check-http.js';

/** In the order of the table. */
export const RACES: readonly Race[] = [checkHttp];

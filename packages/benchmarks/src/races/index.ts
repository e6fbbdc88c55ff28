import type { Race } from '../race.js';
import { checkConnections } from './check-connections.js';
import { checkCustomers } from './check-customers.js';
import { checkHttp } from './check-http.js';
import { coldStart } from './cold-start.js';
import { consumeHttp } from './consume-http.js';
import { consumeStorage } from './consume-storage.js';
import { decideRace } from './decide.js';
import { decisionLog } from './decision-log.js';
import { evaluateOfrep } from './evaluate-ofrep.js';
import { decisionsQuery } from './decisions-query.js';
import { idleSubscribers } from './idle-subscribers.js';
import { propagation } from './propagation.js';
import { recordUsage } from './record-usage.js';
import { reserveCommit } from './reserve-commit.js';
import { renewSeats } from './renew-seats.js';
import { sdkCheck } from './sdk-check.js';
import { sdkLeases } from './sdk-leases.js';
import { sdkStart } from './sdk-start.js';
import { validateLicense } from './validate-license.js';
import { workerRace } from './worker.js';

/** In the order of the table. */
export const RACES: readonly Race[] = [
  checkHttp,
  decisionLog,
  evaluateOfrep,
  decideRace,
  sdkCheck,
  sdkStart,
  sdkLeases,
  consumeStorage,
  reserveCommit,
  recordUsage,
  renewSeats,
  consumeHttp,
  workerRace,
  propagation,
  idleSubscribers,
  checkCustomers,
  checkConnections,
  validateLicense,
  decisionsQuery,
  coldStart,
];

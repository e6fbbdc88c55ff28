import type { Race } from '../race.js';
import { CREW } from '../seed/catalog.js';
import { customerName, subscribe } from '../seed/tenant.js';
import { besideConsume } from './beside-consume.js';

/** Each caller has a seat of its own, in one pool: a renewal writes its seat's row and no record. */
export const renewSeats: Race = {
  name: 'renew-seats',
  question: 'How many leases of floating seats are renewed, beside plain spends?',
  run: (setting) =>
    besideConsume(
      setting,
      'renewals',
      {
        race: 'renew-seats',
        measure: 'floating seats of one pool',
        unit: 'renewals/s',
        against: 'consume of the same customer',
        goal: 0.5,
      },
      (tenant) => subscribe(tenant, customerName(1), CREW),
    ),
};

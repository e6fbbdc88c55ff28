import type { Account, Seat } from '../model/account.js';
import * as seats from '../model/seats.js';
import type { SeatAction } from './actions/seat-actions.js';
import { record } from './gateway.js';
import { decisionText, type Performed } from './performed.js';
import { MINUTE } from './resolve.js';
import { day } from './texts.js';
import type { World } from './world.js';

const SELECTS = 'decision { allowed code } seat { id memberId assignedAt leaseExpiresAt }';

export async function performOnSeat(account: Account, world: World, action: SeatAction): Promise<Performed> {
  const { feature, member } = action;
  const input = { customerId: world.customerId, feature, memberId: member };
  switch (action.kind) {
    case 'assignSeat': {
      const product = await world.mutate('assignSeat', 'SeatInput', input, SELECTS);
      return {
        line: `${member} takes ${feature}`,
        ...answered(product, (id) => takenText(seats.assignSeat(account, { id, feature, member }))),
      };
    }
    case 'leaseSeat': {
      const { lasts } = action;
      const ttl = lasts === null ? null : `PT${String(lasts)}M`;
      const product = await world.mutate('leaseSeat', 'LeaseSeatInput', { ...input, ttl }, SELECTS);
      return {
        line: `${member} leases ${feature}${ttl === null ? '' : ` until ${day(account.now + (lasts ?? 0) * MINUTE)}`}`,
        ...answered(product, (id) => takenText(seats.leaseSeat(account, { id, feature, member }, ttl))),
      };
    }
    case 'releaseSeat': {
      const product = await world.mutate('releaseSeat', 'SeatInput', input, 'decision { allowed code }');
      return {
        line: `${member} gives ${feature} back`,
        ...answered(product, () => {
          seats.releaseSeat(account, feature, member);
          return 'true DONE';
        }),
      };
    }
  }
}

function answered(
  product: NonNullable<Performed['product']>,
  act: (id: string) => string,
): Pick<Performed, 'product' | 'model' | 'expected' | 'got'> {
  let expected = '';
  return {
    product,
    model: (id) => {
      expected = act(id);
    },
    expected: () => expected,
    got: product.data === null ? '' : productText(product.data),
  };
}

function productText({ decision, seat }: Readonly<Record<string, unknown>>): string {
  if (seat === null || seat === undefined) return decisionText(decision);
  const { memberId, assignedAt, leaseExpiresAt } = record(seat);
  const [since, until] = [assignedAt, leaseExpiresAt].map((at) =>
    day(typeof at === 'string' ? Date.parse(at) : null),
  );
  return `${decisionText(decision)}, ${String(memberId)} since ${String(since)} until ${String(until)}`;
}

function takenText({ seat, ...decision }: seats.SeatAnswer): string {
  return `${decisionText(decision)}${seat === null ? '' : seatText(seat)}`;
}

function seatText({ member, assignedAt, leaseExpiresAt }: Seat): string {
  return `, ${member} since ${day(assignedAt)} until ${day(leaseExpiresAt)}`;
}

import type { Account } from '../model/account.js';
import type { Reservation } from '../model/holds.js';
import * as reservations from '../model/reservations.js';
import type { UsageAction } from './actions/usage-actions.js';
import { record } from './gateway.js';
import { decisionText, type Performed } from './performed.js';
import { MINUTE } from './resolve.js';
import type { World } from './world.js';

export async function performReserve(
  account: Account,
  world: World,
  { feature, quantity, lasts }: Extract<UsageAction, { kind: 'reserve' }>,
  key: { readonly idempotencyKey: string },
): Promise<Performed> {
  const ttl = `PT${String(lasts)}M`;
  const expiresAt = account.now + lasts * MINUTE;
  const input = { customerId: world.customerId, feature, quantity, ttl, ...key };
  const selects = 'decision { allowed code } reservation { id }';
  const product = await world.mutate('reserve', 'ReserveInput', input, selects);
  let expected = '';
  return {
    line: `reserve ${String(quantity)} ${feature} for ${String(lasts)} minutes`,
    product,
    model: (id) => {
      const { allowed, code } = reservations.reserve(account, { id, feature, quantity, expiresAt });
      expected = `${String(allowed)} ${code}`;
    },
    expected: () => expected,
    got: product.data === null ? '' : decisionText(record(product.data)['decision']),
  };
}

export async function performCommit(
  account: Account,
  world: World,
  reservation: Reservation,
  quarters: number | null,
): Promise<Performed> {
  const part = quarters === null ? null : Math.floor((reservation.quantity * quarters) / 4);
  const quantity = part ?? undefined;
  const product = await world.call(
    'commitReservation',
    'reservationId: ID!, quantity: Quantity',
    { reservationId: reservation.id, quantity },
    'consumed replayed decision { allowed code }',
  );
  return {
    line: `commit ${part === null ? 'all' : String(part)} of ${nameOf(reservation)}`,
    product,
    ...settles(() => {
      const { consumed, replayed, ...decision } = reservations.commit(
        account,
        reservation,
        part ?? reservation.quantity,
      );
      return `${decisionText(decision)}, ${String(consumed)} consumed${replayed ? ' before' : ''}`;
    }),
    got: product.data === null ? '' : committed(product.data),
  };
}

export async function performRelease(
  account: Account,
  world: World,
  reservation: Reservation,
): Promise<Performed> {
  const product = await world.call(
    'releaseReservation',
    'reservationId: ID!',
    { reservationId: reservation.id },
    'decision { allowed code }',
  );
  return {
    line: `release ${nameOf(reservation)}`,
    product,
    ...settles(() => decisionText(reservations.release(account, reservation))),
    got: product.data === null ? '' : decisionText(product.data['decision']),
  };
}

function settles(act: () => string): { readonly model: () => void; readonly expected: () => string } {
  let expected = '';
  return {
    model: () => {
      expected = act();
    },
    expected: () => expected,
  };
}

function committed(data: Readonly<Record<string, unknown>>): string {
  const { decision, consumed, replayed } = data;
  return `${decisionText(decision)}, ${String(consumed)} consumed${replayed === true ? ' before' : ''}`;
}

function nameOf({ id, quantity, feature }: Reservation): string {
  return `the ${String(quantity)} ${feature} of ${id}`;
}

import type { GraphqlClient } from '../graphql-client.js';

/** Holds units of `calls`; throws where they are not granted. Returns the reservation's id. */
export async function reserve(
  client: GraphqlClient,
  customerId: string,
  quantity: number,
  idempotencyKey: string,
  ttl = 'PT1H',
): Promise<string> {
  const data = await client.send(
    'mutation ($input: ReserveInput!) { reserve(input: $input) { reservation { id } } }',
    { input: { customerId, feature: 'calls', quantity, ttl, idempotencyKey } },
  );
  if (!isMade(data)) throw new Error(`not reserved: ${JSON.stringify(data)}`);
  return data.reserve.reservation.id;
}

/** A settlement in words: how much it has spent, or the code of the error. */
export function commit(client: GraphqlClient, id: string, quantity: number): Promise<string> {
  return outcome(
    client.send(
      `mutation ($id: ID!, $quantity: Quantity) {
         commitReservation(reservationId: $id, quantity: $quantity) { consumed } }`,
      { id, quantity },
    ),
  );
}

export function release(client: GraphqlClient, id: string): Promise<string> {
  return outcome(
    client.send('mutation ($id: ID!) { releaseReservation(reservationId: $id) { reservation { id } } }', {
      id,
    }),
  );
}

async function outcome(settlement: Promise<object>): Promise<string> {
  try {
    const data = await settlement;
    return isCommitted(data) ? `spent ${String(data.commitReservation.consumed)}` : 'released';
  } catch (error) {
    return /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error);
  }
}

function isMade(
  data: object,
): data is { readonly reserve: { readonly reservation: { readonly id: string } } } {
  return (
    'reserve' in data &&
    typeof data.reserve === 'object' &&
    data.reserve !== null &&
    'reservation' in data.reserve &&
    data.reserve.reservation !== null
  );
}

function isCommitted(data: object): data is { readonly commitReservation: { readonly consumed: number } } {
  return 'commitReservation' in data;
}

import { PRESENT } from '@licet/database/testing';
import { decide } from '@licet/domain';
import {
  gateway,
  issue,
  issueFile,
  move,
  opened,
  pass,
  seatsOf,
  settle,
  start,
  taking,
} from './borrowing.js';

beforeAll(start);
afterAll(() => gateway.close());

test('a borrowed seat is held until the end of the file, whoever gives it back, and comes back when that is settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, fingerprint: 'one', seatFeature: 'viewers', memberId: 'ann' };
  const made = await issueFile(input);
  const expiresAt = made.text('issueLicenseFile.file.expiresAt');
  expect(await seatsOf(customerId)).toEqual([
    { node: { feature: 'viewers', memberId: 'ann', kind: 'FLOATING', leaseExpiresAt: expiresAt } },
  ]);
  expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).toBe(
    'NO_SEAT',
  );
  const released = await move('releaseSeat', customerId, 'viewers', 'ann');
  expect(released.get('releaseSeat.decision')).toEqual({ code: 'DONE', used: 1 });
  expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).not.toBe(
    'ENTITLED',
  );
  await settle(made);
  expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).toBe(
    'ENTITLED',
  );
  expect((await issueFile(input)).get('issueLicenseFile')).toMatchObject({
    decision: { allowed: false, code: 'NO_SEAT', feature: 'viewers' },
    file: null,
  });
});

test('a borrowed seat goes with its member’s name, and without those of others', async () => {
  const { customerId, licenseId } = await issue('seats');
  await move('assignSeat', customerId, 'editors', 'bob');
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
  const { state, issuedAt } = opened(made);
  const code = (memberId: string): string =>
    decide(state, { feature: 'render', quantity: 1, memberId, fingerprint: 'one' }, issuedAt).code;
  expect([code('ann'), code('bob')]).toEqual(['ENTITLED', 'NO_SEAT']);
  expect(made.text('issueLicenseFile.file.token')).not.toContain(Buffer.from('bob').toString('base64url'));
});

test('a borrowed seat of who holds a named one stays, and goes on when the file is settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  await move('assignSeat', customerId, 'editors', 'ann');
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
  await settle(made);
  expect(await seatsOf(customerId)).toEqual([
    { node: { feature: 'editors', memberId: 'ann', kind: 'NAMED', leaseExpiresAt: null } },
  ]);
  const released = await move('releaseSeat', customerId, 'editors', 'ann');
  expect(released.get('releaseSeat.decision.code')).toBe('DONE');
});

test('a borrowed seat is taken anew by whose lease is over, though nobody has written that down', async () => {
  const { customerId, licenseId } = await issue('seats');
  await move('leaseSeat', customerId, 'viewers', 'ann');
  await gateway.owner.query(`update seat set lease_expires_at = ${PRESENT} where customer_id = $1`, [
    customerId,
  ]);
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'viewers', memberId: 'ann' });
  expect(made.errors).toEqual([]);
  expect(await seatsOf(customerId)).toMatchObject([
    { node: { memberId: 'ann', leaseExpiresAt: made.get('issueLicenseFile.file.expiresAt') } },
  ]);
});

test('a borrowed seat is held by two files until the later one is settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'editors', memberId: 'ann' };
  const long = await issueFile({ ...input, fingerprint: 'one', validFor: 'P9D' });
  const short = await issueFile({ ...input, fingerprint: 'two', validFor: 'P2D' });
  await settle(long);
  expect(await seatsOf(customerId)).toMatchObject([
    { node: { leaseExpiresAt: short.get('issueLicenseFile.file.expiresAt') } },
  ]);
  await settle(short);
  expect(await seatsOf(customerId)).toEqual([]);
});

test('a borrowed seat that was given back while two files use it is free when both are settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'editors', memberId: 'ann' };
  const long = await issueFile({ ...input, fingerprint: 'one', validFor: 'P90D' });
  const short = await issueFile({ ...input, fingerprint: 'two', validFor: 'P2D' });
  await move('assignSeat', customerId, 'editors', 'bob');
  await move('releaseSeat', customerId, 'editors', 'ann');
  const codes = [];
  for (const file of [long, short]) {
    await settle(file);
    codes.push((await move('assignSeat', customerId, 'editors', 'cid')).get('assignSeat.decision.code'));
  }
  expect(codes).toEqual(['SEAT_COOLDOWN', 'ENTITLED']);
});

test('a borrowed seat that its member has given back cools down, though the file is settled at once', async () => {
  const { customerId, licenseId } = await issue('seats');
  for (const memberId of ['ann', 'bob']) await move('assignSeat', customerId, 'editors', memberId);
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
  await move('releaseSeat', customerId, 'editors', 'ann');
  await settle(made);
  const taken = await move('assignSeat', customerId, 'editors', 'cid');
  expect(taken.get('assignSeat.decision.code')).toBe('SEAT_COOLDOWN');
});

test('a borrowed seat of one member does for no more machines than the pool has seats', async () => {
  const { licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'viewers', memberId: 'ann' };
  const first = await issueFile({ ...input, fingerprint: 'one' });
  const second = { ...input, fingerprint: 'two' };
  expect((await issueFile(second)).get('issueLicenseFile')).toMatchObject({
    decision: { code: 'OFFLINE_LIMIT_EXCEEDED', limit: 1, used: 1 },
    file: null,
  });
  await settle(first);
  expect((await issueFile(second)).get('issueLicenseFile.decision')).toMatchObject({ limit: 1, used: 1 });
});

test('a lease of the member’s own goes on when the file is settled, whichever was first', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'viewers', memberId: 'ann' };
  const made = await issueFile(input);
  const renewed = await gateway.send(
    'mutation ($input: LeaseSeatInput!) { leaseSeat(input: $input) { seat { leaseExpiresAt } } }',
    { input: { customerId, feature: 'viewers', memberId: 'ann', ttl: 'PT2H' } },
  );
  // To who looks, there is one end: the later.
  expect(renewed.get('leaseSeat.seat')).toEqual({
    leaseExpiresAt: made.get('issueLicenseFile.file.expiresAt'),
  });
  await settle(made);
  expect(await taking(customerId, 'viewers', 'bob')).toEqual(['NO_SEAT']);
  await pass(customerId, '119 minutes');
  await settle(await issueFile(input));
  expect(await taking(customerId, 'viewers', 'bob')).toEqual(['NO_SEAT']);
  await pass(customerId, '1 minute');
  expect(await taking(customerId, 'viewers', 'bob', 'ann')).toEqual(['ENTITLED', 'NO_SEAT']);
});

test('a named seat that was given back cools down while a machine uses it', async () => {
  const { customerId, licenseId } = await issue('seats');
  expect(await taking(customerId, 'editors', 'ann', 'bob')).toEqual(['ENTITLED', 'ENTITLED']);
  const made = await issueFile({ licenseId, seatFeature: 'editors', memberId: 'ann' });
  await move('releaseSeat', customerId, 'editors', 'ann');
  await pass(customerId, '1 day');
  expect(await taking(customerId, 'editors', 'cid')).toEqual(['SEAT_COOLDOWN']);
  await settle(made);
  expect(await taking(customerId, 'editors', 'cid')).toEqual(['ENTITLED']);
});

test('what is told of a borrowed seat is one end, at which it is free', async () => {
  const { customerId, licenseId } = await issue('seats');
  const made = await issueFile({ licenseId, seatFeature: 'viewers', memberId: 'ann' });
  const end = made.text('issueLicenseFile.file.expiresAt');
  await taking(customerId, 'viewers', 'ann');
  await move('releaseSeat', customerId, 'viewers', 'ann');
  const events = await gateway.send(
    'query ($id: ID!) { events(customerId: $id, types: ["seat.assigned", "seat.released"]) { edges { node { type data } } } }',
    { id: customerId },
  );
  expect(events.get('events.edges')).toMatchObject([
    { node: { type: 'seat.assigned', data: { after: { leaseExpiresAt: end, coolsUntil: null } } } },
    { node: { type: 'seat.released', data: { after: { leaseExpiresAt: null, coolsUntil: end } } } },
  ]);
  // The renewal; what is taken and given back is told above.
  const id = events.text('events.edges.0.node.data.after.id');
  expect(await endsTold(id)).toEqual([[{ id, leaseExpiresAt: end }]]);
});

/** What batches tell of a seat, oldest first. */
async function endsTold(seatId: string): Promise<unknown[]> {
  const { rows } = await gateway.owner.query<{ seats: unknown }>(
    `select m -> 'seats' as seats from event, jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'data' -> 'meters') m
     where type = 'usage.recorded' and (m -> 'seats')::text like '%' || $1 || '%' order by position`,
    [seatId],
  );
  return rows.map(({ seats }) => seats);
}

test('a lease that a file prolongs, and that ends sooner when the file is settled, is told of as renewals are', async () => {
  const { customerId, licenseId } = await issue('seats');
  await taking(customerId, 'viewers', 'ann');
  const { rows } = await gateway.owner.query<{ id: string; at: Date }>(
    'select id, lease_expires_at as at from seat where customer_id = $1',
    [customerId],
  );
  const [own] = rows;
  if (own === undefined) throw new Error('a seat');
  const { id } = own;
  const made = await issueFile({ licenseId, seatFeature: 'viewers', memberId: 'ann' });
  await settle(made);
  expect(await endsTold(id)).toEqual([
    [{ id, leaseExpiresAt: made.get('issueLicenseFile.file.expiresAt') }],
    [{ id, leaseExpiresAt: own.at.toISOString() }],
  ]);
});

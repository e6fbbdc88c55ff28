import { changePlan } from './customers.js';
import { at, newIdempotencyKey, type Answer } from './gateway.js';
import {
  counter,
  gateway,
  issue,
  issueFile,
  type Licensed,
  move,
  pass,
  seatsOf,
  settle,
  start,
  taking,
  team,
} from './borrowing.js';

beforeAll(start);
afterAll(() => gateway.close());

describe('of a pool that has shrunk', () => {
  test('fewer bought take nothing away, and no new one comes until they fit', async () => {
    const { customerId, licenseId } = await issue('bought');
    const made = [];
    for (const memberId of ['ann', 'bob'])
      made.push(await issueFile({ licenseId, seatFeature: 'editors', memberId }));
    const [first, second] = made;
    if (first === undefined || second === undefined) throw new Error('two files');
    const fewer = await gateway.send(
      'mutation ($input: RenewLicenseInput!) { renewLicense(input: $input) { revision } }',
      {
        input: {
          licenseId,
          quantities: [{ feature: 'editors', quantity: 1 }],
          idempotencyKey: newIdempotencyKey(),
        },
      },
    );
    expect(fewer.errors).toEqual([]);
    expect(await counter(customerId, 'editors')).toEqual({ used: 2, reserved: 0 });
    const again = { licenseId, seatFeature: 'editors', memberId: 'ann' };
    expect((await issueFile(again)).get('issueLicenseFile.decision.code')).toBe('OFFLINE_LIMIT_EXCEEDED');
    await settle(first);
    expect(await taking(customerId, 'editors', 'cid')).toEqual(['NO_SEAT']);
    await settle(second);
    expect(await taking(customerId, 'editors', 'cid', 'ann')).toEqual(['ENTITLED', 'NO_SEAT']);
  });

  test('holders beyond the plan go in time, and those that machines use when these have done', async () => {
    const { customerId, licenseId, subscriptionId } = await team();
    expect(await taking(customerId, 'editors', 'ann', 'bob')).toEqual(['ENTITLED', 'ENTITLED']);
    const made = [];
    for (const memberId of ['ann', 'bob'])
      made.push(await issueFile({ licenseId, seatFeature: 'editors', memberId }));
    const changed = await changePlan(gateway, { subscriptionId, plan: 'solo', timing: 'NOW' });
    expect(changed.errors).toEqual([]);
    await pass(customerId, '7 days');
    expect(await seatsOf(customerId)).toMatchObject([{ node: { memberId: 'ann' } }]);
    expect(await taking(customerId, 'editors', 'cid')).toEqual(['NO_SEAT']);
    expect(await counter(customerId, 'editors')).toEqual({ used: 2, reserved: 0 });
    for (const one of made) await settle(one);
    expect(await seatsOf(customerId)).toMatchObject([{ node: { memberId: 'ann' } }]);
    expect(await counter(customerId, 'editors')).toEqual({ used: 1, reserved: 0 });
  });

  test('what no plan gives any more is settled all the same', async () => {
    const { customerId, licenseId, subscriptionId } = await team();
    const asked = { licenseId, seatFeature: 'viewers', memberId: 'ann', fingerprint: 'one' };
    const made = await issueFile({ ...asked, budgets: [{ feature: 'calls', quantity: 60 }] });
    await changePlan(gateway, { subscriptionId, plan: 'none', timing: 'NOW' });
    expect(await counter(customerId, 'viewers')).toEqual({ used: 1, reserved: 0 });
    expect((await issueFile(asked)).get('issueLicenseFile')).toMatchObject({
      ...{ decision: { code: 'NOT_IN_PLAN', feature: 'viewers' }, file: null },
    });
    await settle(made, [{ feature: 'calls', quantity: 25 }]);
    expect(await counter(customerId, 'viewers')).toEqual({ used: 0, reserved: 0 });
    expect(await counter(customerId, 'calls')).toEqual({ used: 25, reserved: 0 });
  });
});

describe('settled when it has ended', () => {
  const spent = [{ feature: 'calls', quantity: 10 }];

  async function ended(feature: string): Promise<Licensed & { readonly made: Answer }> {
    const { customerId, licenseId } = await issue('seats');
    const asked = { licenseId, seatFeature: feature, memberId: 'ann', validFor: 'P1D' };
    const made = await issueFile({ ...asked, budgets: [{ feature: 'calls', quantity: 60 }] });
    expect(made.errors).toEqual([]);
    await pass(customerId, '25 hours');
    return { customerId, licenseId, made };
  }

  test.each(['nobody', 'bob', 'ann'])(
    'a file gives units back and takes no seat that %s has had since, while its window runs',
    async (who) => {
      const { customerId, made } = await ended('viewers');
      if (who !== 'nobody') expect(await taking(customerId, 'viewers', who)).toEqual(['ENTITLED']);
      const seats = await seatsOf(customerId);
      expect(seats).toHaveLength(who === 'nobody' ? 0 : 1);
      await settle(made, spent);
      expect(await seatsOf(customerId)).toEqual(seats);
      expect(await counter(customerId, 'viewers')).toEqual({ used: who === 'nobody' ? 0 : 1, reserved: 0 });
      expect(await counter(customerId, 'calls')).toEqual({ used: 10, reserved: 0 });
    },
  );

  test('a file whose member has another one out goes on using her seat by that', async () => {
    const { customerId, licenseId, made } = await ended('viewers');
    const other = await issueFile({ licenseId, seatFeature: 'viewers', memberId: 'ann', fingerprint: 'two' });
    await settle(made, spent);
    expect(await seatsOf(customerId)).toMatchObject([
      { node: { leaseExpiresAt: other.get('issueLicenseFile.file.expiresAt') } },
    ]);
    await settle(other);
    expect(await seatsOf(customerId)).toEqual([]);
  });

  test('a file whose window is over too gives no unit back', async () => {
    const { customerId, made } = await ended('viewers');
    await gateway.owner.query(
      `update meter set window_start = window_start - interval '1 month',
         window_end = date_trunc('second', clock_timestamp()) - interval '10 minutes' where customer_id = $1 and feature = 'calls'`,
      [customerId],
    );
    await gateway.owner.query(
      `update reservation set window_start = window_start - interval '1 month' where customer_id = $1`,
      [customerId],
    );
    await settle(made, spent);
    expect(await counter(customerId, 'viewers')).toEqual({ used: 0, reserved: 0 });
    expect(await counter(customerId, 'calls')).toEqual({ used: 0, reserved: 0 });
    const events = await gateway.send(
      'query ($id: ID!) { events(customerId: $id, types: ["usage.window_closed", "usage.corrected", "seat.expired", "license.file_settled"]) { edges { node { type data } } } }',
      { id: customerId },
    );
    const edges = events.get('events.edges');
    const told = Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
    expect(told).toMatchObject([
      { type: 'seat.expired', data: { before: { memberId: 'ann' }, after: null } },
      { type: 'usage.window_closed', data: { used: 60 } },
      { type: 'license.file_settled' },
    ]);
  });

  test('a named seat is its holder’s as before', async () => {
    const { customerId, licenseId } = await issue('seats');
    expect(await taking(customerId, 'editors', 'ann')).toEqual(['ENTITLED']);
    const asked = { licenseId, seatFeature: 'editors', memberId: 'ann', validFor: 'P1D' };
    const made = await issueFile(asked);
    await pass(customerId, '25 hours');
    await settle(made);
    expect(await seatsOf(customerId)).toEqual([
      { node: { feature: 'editors', memberId: 'ann', kind: 'NAMED', leaseExpiresAt: null } },
    ]);
    const released = await move('releaseSeat', customerId, 'editors', 'ann');
    expect(released.get('releaseSeat.decision')).toMatchObject({ code: 'DONE', used: 1 });
    await pass(customerId, '1 day');
    expect(await seatsOf(customerId)).toEqual([]);
    expect(await taking(customerId, 'editors', 'bob', 'cid')).toEqual(['ENTITLED', 'ENTITLED']);
  });
});

import { parsePersonalFields } from '@licet/database';
import { storedDecisions } from '@licet/database/testing';
import { newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { post } from './doors/door.js';

const MEMBER = 'ann@example.org';
const SERIAL = 'SERIAL-4711';
const MACHINE = 'the laptop of Ann';
const CONTEXT = { email: 'ada@example.org', name: { first: 'Ada' }, country: 'UK' };
const FAKE = { 'licet:sealed': 'x' };

let gateway: TestGateway;
afterEach(() => gateway.close());

async function start(names: string): Promise<void> {
  gateway = await startTestGateway({ personalFields: parsePersonalFields(names) });
  await newCustomer(gateway, 'ada', 'free');
}

async function run(document: string, variables: Record<string, unknown> = {}, key?: string) {
  const answer = await gateway.send(document, variables, key);
  expect(answer.errors).toEqual([]);
  return answer;
}

/** Every way in which a member, or a machine, is named in what goes on record. Returns how many records that makes. */
async function askInEveryWay(): Promise<number> {
  const asked = { customerId: 'ada', feature: 'projects', memberId: MEMBER, fingerprint: SERIAL };
  const facts = { ...asked, context: { ...CONTEXT, fake: FAKE } };
  const spend = { ...asked, idempotencyKey: 'k1' };
  const input = (fields: object) => ({ input: fields });
  const seat = { customerId: 'ada', feature: 'editors', memberId: MEMBER };
  await run('query ($input: CheckInput!) { check(input: $input) { id } }', input(facts));
  await run('query ($input: CheckInput!) { checkMany(inputs: [$input]) { id } }', input(facts));
  await run('query ($input: CheckInput!) { explain(input: $input) { decision { id } } }', input(facts));
  await run('mutation ($input: ConsumeInput!) { consume(input: $input) { consumed } }', input(spend));
  await run(
    'mutation ($input: ReserveInput!) { reserve(input: $input) { reservation { id } } }',
    input({ ...spend, idempotencyKey: 'k2', ttl: 'PT5M' }),
  );
  await run('mutation ($input: SeatInput!) { assignSeat(input: $input) { revision } }', input(seat));
  await run('mutation ($input: SeatInput!) { releaseSeat(input: $input) { revision } }', input(seat));
  const token = await run(
    'mutation ($member: ID) { createCustomerToken(input: { customerId: "ada", memberId: $member }) { token } }',
    { member: MEMBER },
  );
  await run(
    '{ check(input: { customerId: "ada", feature: "sso" }) { id } }',
    {},
    token.text('createCustomerToken.token'),
  );
  const issued = await run(
    'mutation { issueLicense(input: { customerId: "ada", plan: "boxed", idempotencyKey: "l" }) { key license { id } } }',
  );
  const licenseId = issued.text('issueLicense.license.id');
  const machine = { licenseId, fingerprint: SERIAL };
  await run(
    'mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) { revision } }',
    input({ ...machine, name: MACHINE }),
  );
  await run(
    'mutation ($input: MachineInput!) { heartbeatMachine(input: $input) { revision } }',
    input(machine),
  );
  await run(
    'mutation ($input: ValidateLicenseInput!) { validateLicense(input: $input) { valid } }',
    input({ key: issued.text('issueLicense.key'), memberId: MEMBER, fingerprint: SERIAL, features: ['sso'] }),
  );
  await run(
    'mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) { revision } }',
    input({ ...machine, memberId: MEMBER, seatFeature: 'viewers', validFor: 'P1D', idempotencyKey: 'f' }),
  );
  await run(
    'mutation ($input: MachineInput!) { deactivateMachine(input: $input) { revision } }',
    input(machine),
  );
  await run(
    `mutation ($one: LocalDecisionInput!) { reportDecisions(decisions: [$one]) { accepted rejected { message } } }`,
    {
      one: {
        ...{
          id: 'local-1',
          customerId: 'ada',
          feature: 'sso',
          allowed: false,
          code: 'NOT_IN_PLAN',
          release: 1,
        },
        ...{ revision: '0000000000000001-00000000', at: new Date().toISOString() },
        input: { memberId: MEMBER, fingerprint: SERIAL, context: CONTEXT },
      },
    },
  );
  await post(gateway, '/ofrep/v1/evaluate/flags/sso', {
    context: { targetingKey: 'ada', memberId: MEMBER, fingerprint: SERIAL, ...CONTEXT },
  });
  await post(gateway, '/access/v1/evaluation', {
    subject: { type: 'member', id: MEMBER, properties: { customerId: 'ada', fingerprint: SERIAL } },
    ...{ resource: { type: 'feature', id: 'sso' }, action: { name: 'use' }, context: CONTEXT },
  });
  await gateway.services.decisions.settled();
  return 17;
}

interface Read {
  readonly operation: unknown;
  readonly input: unknown;
  readonly actor: unknown;
}

/** As the API shows it, oldest first. */
async function recorded(): Promise<Read[]> {
  const log = await run(
    '{ decisions(first: 100) { edges { node { operation input actor { kind name } } } } }',
  );
  const edges = log.get('decisions.edges');
  const nodes = Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
  return nodes
    .map((node) => ({
      operation: at(node, 'operation'),
      input: at(node, 'input'),
      actor: at(node, 'actor'),
    }))
    .reverse();
}

/** Without what each gateway makes up. */
function comparable(reads: readonly Read[]): string[] {
  return reads.map((one) => JSON.stringify(one).replaceAll(/(lic|mach|res)_\w+/g, '$1')).sort();
}

test('of all that names a member, a machine or a person nothing is stored in clear, and all is read as it was asked', async () => {
  await start('');
  const count = await askInEveryWay();
  const clear = await storedDecisions(gateway.owner);
  const asked = await recorded();
  expect(asked).toHaveLength(count);
  await gateway.close();
  await start('memberId, fingerprint, name, email');
  await askInEveryWay();
  const stored = await storedDecisions(gateway.owner);
  for (const personal of [MEMBER, SERIAL, MACHINE, CONTEXT.email, CONTEXT.name.first]) {
    expect(clear).toContain(personal);
    expect(stored).not.toContain(personal);
  }
  expect(stored).toContain(CONTEXT.country);
  expect(comparable(await recorded())).toEqual(comparable(asked));
});

test('of the past it is explained by what was named, though that is encrypted', async () => {
  await start('memberId, fingerprint');
  const seat = { customerId: 'ada', feature: 'editors', memberId: MEMBER };
  await run('mutation ($input: SeatInput!) { assignSeat(input: $input) { revision } }', { input: seat });
  const check = 'query ($input: CheckInput!) { check(input: $input) { id code } }';
  const first = await run(check, { input: seat });
  await run(check, { input: { ...seat, memberId: 'ben' } });
  await gateway.services.decisions.settled();
  const explain = `query ($input: CheckInput!, $at: DateTime!) { explain(input: $input, at: $at) {
    decision { id code } steps { rule outcome } } }`;
  // Of the last answer, by the database's clock: this process's own is a millisecond ahead of it, or behind.
  const last = await run(`{ decisions(customerId: "ada", first: 1) { edges { node { at } } } }`, {});
  const moment = last.text('decisions.edges.0.node.at');
  const ann = await run(explain, { input: seat, at: moment });
  expect(ann.get('explain.decision')).toEqual(first.get('check'));
  expect(ann.get('explain.decision.code')).toBe('ENTITLED');
  // Decided again with the member: without it there would be no seat, and so no steps.
  expect(ann.get('explain.steps')).not.toEqual([]);
  const anybody = await run(explain, { input: { customerId: 'ada', feature: 'editors' }, at: moment });
  expect(anybody.get('explain.decision.code')).toBe('NO_SEAT');
});

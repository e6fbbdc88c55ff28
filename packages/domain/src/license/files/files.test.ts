import { accountOf, DAY, issue, must, settle, START, world } from '../../../testing/license-files.js';
import { time } from '../../../testing/subscriptions.js';
import { instant } from '../../time/instant.js';
import type { LicenseFile } from './license-file.js';
import { readMachineRequest, writeMachineRequest } from './request.js';

test.each([
  ['bound', 2],
  ['unsaid', 3],
  ['none', 0],
  ['free', 1],
])('of the plan %s %i files may be out', (plan, most) => {
  let now = world(accountOf(plan));
  const codes = Array.from({ length: 4 }, () => {
    const made = issue(now, START);
    now = made.world;
    return made.outcome.decision.code;
  });
  expect(codes.filter((code) => code === 'ENTITLED')).toHaveLength(most);
  expect(codes.slice(most)).toEqual(Array.from({ length: 4 - most }, () => 'OFFLINE_LIMIT_EXCEEDED'));
});

test('a file counts until its end, and not at it', () => {
  const { world: first } = issue(world(accountOf('free')), START);
  const codeAt = (at: number): string => issue(first, instant(START + at)).outcome.decision.code;
  expect([codeAt(10 * DAY - 1), codeAt(10 * DAY)]).toEqual(['OFFLINE_LIMIT_EXCEEDED', 'ENTITLED']);
});

test.each([
  ['2026-02-05', START, '2026-02-08T00:00:00Z'],
  ['2026-01-31', START, '2026-02-03T00:00:00Z'],
  ['2026-06-01', START, '2026-02-11T00:00:00Z'],
])('of a licence to %s with three days of grace it ends at the latest with these', (expiresAt, at, end) => {
  const { outcome } = issue(world(accountOf('term', { expiresAt })), at);
  expect(outcome.file?.expiresAt).toBe(time(end));
});

test('a denial activates no machine and takes no seat', () => {
  const full = issue(issue(world(accountOf('bound')), START).world, START).world;
  const { outcome } = issue(full, START, { fingerprint: 'attic', feature: 'editors' });
  expect(outcome.decision.code).toBe('OFFLINE_LIMIT_EXCEEDED');
  expect(outcome).toMatchObject({ account: full.account, events: [], file: null });
  const suspended = issue(world(accountOf('bound', { suspended: true })), START).outcome;
  expect(suspended).toMatchObject({ decision: { code: 'LICENSE_SUSPENDED', limit: 2, used: 0 }, file: null });
});

test('the seat speaks before the machine, and the machine before the number of files', () => {
  let now = world(accountOf('bound'));
  for (const fingerprint of ['one', 'two']) now = issue(now, START, { fingerprint }).world;
  const codeOf = (feature: string, fingerprint: string): string =>
    issue(now, START, { feature, fingerprint }).outcome.decision.code;
  expect(codeOf('', 'three')).toBe('OFFLINE_LIMIT_EXCEEDED');
  const license = must(now.account.licenses[0] ?? null);
  now = { ...now, account: { ...now.account, licenses: [{ ...license, machineLimit: 2 }] } };
  expect(codeOf('', 'three')).toBe('MACHINE_LIMIT_EXCEEDED');
  expect(codeOf('unheard-of', 'three')).toBe('UNKNOWN_FEATURE');
});

test('when all files are settled nothing is held for them', () => {
  let now = world(accountOf('free'));
  const kept: LicenseFile[] = [];
  for (const memberId of ['ann', 'bob']) {
    const made = issue(now, START, { feature: 'viewers', memberId });
    now = made.world;
    kept.push(must(made.outcome.file));
  }
  expect(now.account.seats).toHaveLength(2);
  for (const file of kept) now = settle(now, file, instant(START + DAY)).world;
  expect(now.account.seats).toEqual([]);
});

test('of a plan without machines no more files with a seat are out than the pool has, whosever they are', () => {
  let now = world(accountOf('free'));
  const asked = { feature: 'viewers', memberId: 'ann' };
  const made = ['one', 'two', 'three'].map((fingerprint) => {
    const { world: after, outcome } = issue(now, START, { ...asked, fingerprint });
    now = after;
    return outcome;
  });
  expect(made.map(({ decision: { code, limit, used } }) => [code, limit, used])).toEqual([
    ['ENTITLED', 2, 1],
    ['ENTITLED', 2, 2],
    ['OFFLINE_LIMIT_EXCEEDED', 2, 2],
  ]);
  // Others are counted for themselves.
  expect(issue(now, START).outcome.decision).toMatchObject({ code: 'ENTITLED', limit: 1, used: 1 });
  expect(issue(now, START, { feature: 'editors' }).outcome.decision).toMatchObject({ limit: 2, used: 1 });
  const settled = settle(now, must(made[0]?.file ?? null), START);
  expect(settled.outcome.decision).toMatchObject({ code: 'DONE', limit: 2, used: 1 });
  expect(issue(settled.world, START, asked).outcome.decision.code).toBe('ENTITLED');
});

test('a request is read as it was written, and nothing else is one', () => {
  const request = { fingerprint: 'f', components: ['a'], nonce: 'n' };
  const text = writeMachineRequest(request);
  expect(readMachineRequest(text)).toEqual(request);
  for (const other of ['', '{', text.slice(0, -1), '[]', 'null', text.replace('"form":1', '"form":2')])
    expect(readMachineRequest(other)).toBeNull();
});

import { occupy, type SeatRequest } from '../src/seats/occupy.js';
import { putSeat } from '../src/seats/seat.js';
import {
  type CustomerAccount,
  decide,
  type Instant,
  knownState,
  parseSeatId,
  type Release,
} from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { execute } from '../src/subscription/execute.js';
import { accepted, changeTo, newCustomer, subscribeTo, time } from './subscriptions.js';

/** One line of seats in the documents: `2026-02-01 10:00 ann takes editors → ENTITLED, 1 of 10 taken`. */
const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d) (.+?)\s*(?:→\s*(.+))?$/;
const DEED = /^(\w+) (takes|leases|gives|uses) ([a-z-]+)(?: back)?$/;
const COMMAND = /^(subscribe to|change to|see) ([a-z-]+)$/;

/** The seats of a document: its fenced blocks of the language `seats`. */
export function seatsIn(document: string): string[] {
  return [...document.matchAll(/```seats\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** What is written after each line, and what the customer is then told, as two lists that a test compares. */
export function playSeats(release: Release, block: string): { written: string[]; told: string[] } {
  const [written, told]: [string[], string[]] = [[], []];
  let account = newCustomer();
  for (const line of block.trim().split('\n')) {
    const [, date = '', hour = '', what = '', answer] = LINE.exec(line) ?? [];
    if (what === '') throw new TypeError(`no line of seats: ${line}`);
    const at = time(`${date}T${hour}:00Z`);
    const due = applyDue(account, release, at).account;
    const done = did(due, release, what, at);
    account = done.account;
    if (answer === undefined) continue;
    written.push(`${date} ${hour}: ${answer}`);
    told.push(`${date} ${hour}: ${done.answer}`);
  }
  return { written, told };
}

interface Done {
  readonly account: CustomerAccount;
  readonly answer: string;
}

function did(account: CustomerAccount, release: Release, what: string, at: Instant): Done {
  const [, member, verb, feature = ''] = DEED.exec(what) ?? [];
  if (member === undefined) return commanded(account, release, what, at);
  if (verb === 'uses') {
    const { code } = decide(knownState(release, account), { feature, quantity: 1, memberId: member }, at);
    return { account, answer: code };
  }
  const id = parseSeatId(`seat_${String((ids += 1))}`);
  if (id === null) throw new TypeError('no id');
  const request = requestOf(verb, feature, member);
  const { decision, before, after } = occupy(knownState(release, account), request, id, at);
  const answer = `${decision.code}, ${String(decision.used)} of ${String(decision.limit)} taken`;
  return { account: before === after ? account : putSeat(account, before, after), answer };
}

let ids = 0;

function requestOf(verb: string | undefined, feature: string, memberId: string): SeatRequest {
  switch (verb) {
    case 'takes':
      return { kind: 'assign', feature, memberId };
    case 'leases':
      return { kind: 'lease', feature, memberId, ttl: null };
    default:
      return { kind: 'giveBack', feature, memberId };
  }
}

function commanded(account: CustomerAccount, release: Release, what: string, at: Instant): Done {
  const [, verb, name = ''] = COMMAND.exec(what) ?? [];
  switch (verb) {
    case 'subscribe to':
      return { ...accepted(execute(account, subscribeTo(name), release, at)), answer: '' };
    case 'change to':
      return { ...accepted(execute(account, changeTo(name), release, at)), answer: '' };
    case 'see': {
      const { used, limit } = decide(knownState(release, account), { feature: name, quantity: 0 }, at);
      return { account, answer: `${String(used)} of ${String(limit)} taken` };
    }
    default:
      throw new TypeError(`no deed of seats: ${what}`);
  }
}

import type { Release, SubscriptionCommand } from '../src/index.js';
import { applyDue } from '../src/subscription/due.js';
import { addOnKey, changeTo, subscribeTo, subscriptionId, time } from './subscriptions.js';
import { history, type MigrationTurn, standing, type Step, told } from './timeline.js';

/** One line of a timeline in the documents: `2026-02-10 pause → paused; PAUSED pro`. */
interface Line {
  readonly date: string;
  readonly command: string;
  readonly events: readonly string[];
  readonly status: string | null;
}

/** The timelines of a document: its fenced blocks of the language `timeline`. Of windows they do not tell. */
export function timelinesIn(document: string): string[] {
  return [...document.matchAll(/```timeline\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** What is written, and what happens, as two lists that a test compares. */
export function playTimeline(release: Release, block: string): { written: string[]; happened: string[] } {
  const lines = block.trim().split('\n').map(lineOf);
  const written = lines.flatMap(({ date, events, status }) => [
    ...events.map((event) => `${date} ${event}`),
    ...(status === null ? [] : [`${date}: ${status}`]),
  ]);
  const steps = lines.flatMap(({ date, command }): Step<Command>[] =>
    command === '' ? [] : [[date, commandOf(command)]],
  );
  const happened = lines.flatMap((line, index) => {
    const so = played(release, steps, line.date);
    const before = index === 0 ? [] : played(release, steps, lines[index - 1]?.date ?? '').events;
    const events = so.events.slice(before.length).filter(({ type }) => !type.startsWith('usage.'));
    const status = line.status === null ? [] : [`${line.date}: ${standing(so.account).join(', ')}`];
    return [...told({ ...so, events }), ...status];
  });
  return { written, happened };
}

function played(release: Release, steps: readonly Step<Command>[], until: string) {
  const so = history(
    release,
    steps.filter(([at]) => at <= until),
  );
  const due = applyDue(so.account, release, time(until));
  return { account: due.account, events: [...so.events, ...due.events] };
}

const LINE = /^(\d{4}-\d\d-\d\d)\s+([^→]*?)\s*→\s*([^;]*?)\s*(?:;\s*(.+))?$/;

function lineOf(text: string): Line {
  const match = LINE.exec(text.trim());
  if (!match) throw new TypeError(`no line of a timeline: ${text}`);
  const [, date = '', command = '', events = '', status = null] = match;
  return { date, command, events: events === '' ? [] : events.split(/,\s*/), status };
}

const ID = { subscriptionId: subscriptionId('sub_1') };
const TIMING = { now: 'NOW', 'at period end': 'PERIOD_END' } as const;

type Command = SubscriptionCommand | MigrationTurn;

function commandOf(text: string): Command {
  for (const [form, read] of FORMS) {
    const match = form.exec(text);
    if (match) return read(match.slice(1));
  }
  throw new TypeError(`no command of a timeline: ${text}`);
}

const FORMS: readonly (readonly [RegExp, (parts: (string | undefined)[]) => Command])[] = [
  [
    /^subscribe to ([a-z-]+)( with its trial)?(?: from (\S+))?$/,
    ([key = '', trial, from]) =>
      subscribeTo(key, { trial: trial !== undefined, startsAt: from === undefined ? null : time(from) }),
  ],
  [
    /^change to ([a-z-]+)(?: (now|at period end)| at (\S+))?$/,
    ([key = '', word, at]) => changeTo(key, when(word, at)),
  ],
  [
    /^migrate ([a-z-]+) to ([a-z-]+)( at period end)?$/,
    ([from = '', to = '', later]) => ({
      kind: 'migrate',
      from,
      to,
      timing: later === undefined ? 'NOW' : 'PERIOD_END',
    }),
  ],
  [
    /^cancel (?:(now|at period end)|at (\S+))$/,
    ([word, at]) => {
      const { timing, at: instant } = when(word, at);
      return { kind: 'cancel', ...ID, timing: timing ?? 'PERIOD_END', at: instant };
    },
  ],
  [
    /^pause(?: until (\S+))?$/,
    ([at]) => ({ kind: 'pause', ...ID, resumeAt: at === undefined ? null : time(at) }),
  ],
  [
    /^buy (?:(\d+) ([a-z-]+)|no add-ons)( at period end)?$/,
    ([number, key, later]) => ({
      kind: 'adjust',
      ...ID,
      addOns: key === undefined ? [] : [{ addOn: addOnKey(key), quantity: Number(number) }],
      quantities: null,
      timing: later === undefined ? 'NOW' : 'PERIOD_END',
      at: null,
    }),
  ],
  [/^resume$/, () => ({ kind: 'resume', ...ID })],
  [/^payment fails$/, () => ({ kind: 'reportPayment', ...ID, outcome: 'FAILED', at: null })],
  [/^payment comes in$/, () => ({ kind: 'reportPayment', ...ID, outcome: 'SUCCEEDED', at: null })],
];

function when(word: string | undefined, at: string | undefined) {
  if (at !== undefined) return { timing: 'AT', at: time(at) } as const;
  const timing = word === 'now' || word === 'at period end' ? TIMING[word] : null;
  return { timing, at: null };
}

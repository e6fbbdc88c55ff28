import { explain, knownState, type Release, type Remedy, type SubscriptionCommand } from '../src/index.js';
import { subscribeTo, subscriptionId, time } from './subscriptions.js';
import { history, type Step } from './timeline.js';

/** One line of an explanation in the documents: `2026-02-11 ask sso → SUBSCRIPTION_PAUSED; RESUME`. */
const QUESTION = /^(\d{4}-\d\d-\d\d)\s+ask\s+(?:(\d+) )?([a-z-]+)\s*→\s*(.+)$/;
const STEP = /^(\d{4}-\d\d-\d\d)\s+(.+)$/;

/** The explanations of a document: its fenced blocks of the language `explain`. */
export function explanationsIn(document: string): string[] {
  return [...document.matchAll(/```explain\n([^]*?)```/g)].flatMap(([, block]) => block ?? []);
}

/** What is written of each question, and what `explain` says, as two lists that a test compares. */
export function playExplanation(release: Release, block: string): { written: string[]; said: string[] } {
  const steps: Step[] = [];
  const [written, said]: [string[], string[]] = [[], []];
  for (const line of block.trim().split('\n')) {
    const question = QUESTION.exec(line);
    if (question === null) {
      const [, date = '', command = ''] = STEP.exec(line) ?? [];
      steps.push([date, commandOf(command)]);
      continue;
    }
    const [, date = '', quantity = '1', feature = '', answer = ''] = question;
    const state = knownState(release, history(release, steps).account);
    const { decision, reasons, remedies } = explain(
      state,
      { feature, quantity: Number(quantity) },
      time(date),
    );
    const codes = decision.allowed ? [decision.code] : reasons.map(({ code }) => code);
    written.push(`${line.slice(0, line.indexOf('→')).trim()}: ${answer}`);
    said.push(
      `${line.slice(0, line.indexOf('→')).trim()}: ${[codes, remedies.map(inWords)]
        .filter((list) => list.length > 0)
        .map((list) => list.join(', '))
        .join('; ')}`,
    );
  }
  return { written, said };
}

function inWords({ kind, plan, addOn, quantity, availableAt }: Remedy): string {
  const when = availableAt === null ? null : new Date(availableAt).toISOString().slice(0, 10);
  return [kind, quantity, addOn ?? plan, when].filter((part) => part !== null).join(' ');
}

/** The commands that explanations begin with. */
function commandOf(text: string): SubscriptionCommand {
  const [, verb, what = ''] = /^(subscribe to|pause until|cancel) (\S+)$/.exec(text) ?? [];
  const ID = { subscriptionId: subscriptionId('sub_1') };
  switch (verb) {
    case 'subscribe to':
      return subscribeTo(what);
    case 'pause until':
      return { kind: 'pause', ...ID, resumeAt: time(what) };
    case 'cancel':
      return { kind: 'cancel', ...ID, timing: 'NOW', at: null };
    default:
      throw new TypeError(`no command of an explanation: ${text}`);
  }
}

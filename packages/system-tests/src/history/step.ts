import type fc from 'fast-check';
import type { Account, ModelEvent } from '../model/account.js';
import { passTime } from '../model/time.js';
import type { Action } from './actions/action.js';
import { isAvoided } from './avoided.js';
import { record } from './gateway.js';
import { perform } from './perform.js';
import { type Performed, refusalOf } from './performed.js';
import { questionsOf } from './questions.js';
import { blockAt, fileAt, grantAt, leaseAt, licenseAt, reservationAt, subscriptionAt } from './resolve.js';
import { until } from '../system.js';
import { eventsAfter, eventText } from './log.js';
import { modelSnapshot } from './model-snapshot.js';
import { isCurrent, realSnapshot } from './real-snapshot.js';
import { differences } from './snapshot.js';
import { day } from './texts.js';
import type { World } from './world.js';

/** Differences that are told of. */
const MOST = 12;

/** Where product and model part: the whole history, and in what they differ. */
export class Disagreement extends Error {
  constructor(lines: readonly string[], found: readonly string[], customerId: string) {
    const short = (line: string): string =>
      line.replaceAll(/(sub|lic|mach|seat|gra|grant|rsv|lse|blk)_([0-9a-f]{4})[0-9a-f]+/g, '$1_$2');
    super(
      [
        `the product and the model disagree (customer ${customerId}) after`,
        ...lines.map((line) => `  ${short(line)}`),
        'in',
        ...found.slice(0, MOST).map((line) => `  ${short(line)}`),
        ...(found.length > MOST ? [`  and ${String(found.length - MOST)} more`] : []),
      ].join('\n'),
    );
  }
}

/**
 * What is decided in memory, on a locked counter, leaves to the worker what is due otherwise; another zone, the windows that it
 * ends.
 */
const LEAVES_DUE: ReadonlySet<Action['kind']> = new Set([
  'moveZone',
  'consume',
  'consumeMany',
  'releaseUsage',
  'recordUsage',
  'reserve',
  'commit',
  'releaseReservation',
  'leaseQuota',
  'returnQuota',
  'assignSeat',
  'leaseSeat',
  'releaseSeat',
]);

/** One step of a history: done to the product and to the model, which then have to say the same. */
export class Step implements fc.AsyncCommand<Account, World> {
  constructor(readonly action: Action) {}

  check(account: Readonly<Account>): boolean {
    if (isAvoided(account, this.action)) return false;
    const { action } = this;
    if (!('which' in action)) return true;
    switch (action.kind) {
      case 'revoke':
        return grantAt(account, action.which) !== undefined;
      case 'voidCredits':
        return blockAt(account, action.which) !== undefined;
      case 'commit':
      case 'releaseReservation':
        return reservationAt(account, action.which) !== undefined;
      case 'returnQuota':
        return leaseAt(account, action.which) !== undefined;
      case 'settleFile':
        return fileAt(account, action.which) !== undefined;
      case 'renewLicense':
      case 'suspendLicense':
      case 'reinstateLicense':
      case 'revokeLicense':
      case 'rotateKey':
      case 'activateMachine':
      case 'deactivateMachine':
      case 'heartbeatMachine':
      case 'validateLicense':
      case 'issueFile':
        return licenseAt(account, action.which) !== undefined;
      default:
        return subscriptionAt(account, action.which) !== undefined;
    }
  }

  async run(account: Account, world: World): Promise<void> {
    const at = account.now;
    const { installation } = world;
    const performed = await perform(account, world, this.action).catch((error: unknown) => {
      const failed = [...world.lines, this.toString()];
      throw new Disagreement(failed, [String(error), ...installation.errors()], world.customerId);
    });
    installation.tally.count(this.action.kind, performed);
    const { found, told } = applyToModel(account, performed);
    installation.tally.meet(account.met.splice(0));
    world.lines.push(`${day(account.now > at ? account.now : at)} ${performed.line}${outcome(performed)}`);
    if (installation.workerRuns) await installation.caughtUp(world.customerId);
    const wrote = performed.product !== null && performed.product.data !== null;
    const all = installation.workerRuns || (wrote && !LEAVES_DUE.has(this.action.kind));
    const many = this.action.kind === 'consumeMany';
    found.push(...(await compareEvents(account, world, { all, wrote, told, many })));
    found.push(...(await this.#differences(account, world, { all, found })));
    if (found.length > 0) throw new Disagreement(world.lines, found, world.customerId);
  }

  async #differences(
    account: Account,
    world: World,
    { all, found }: { readonly all: boolean; readonly found: readonly string[] },
  ): Promise<string[]> {
    const { url, customerId, installation } = world;
    const questions = questionsOf(account);
    const compare = async (): Promise<string[]> => {
      const real = await realSnapshot(url, customerId, world.revision, all, questions).catch(
        (error: unknown) => {
          throw new Disagreement(
            world.lines,
            [...found, String(error), ...installation.errors()],
            customerId,
          );
        },
      );
      return differences(real, modelSnapshot(account, all, questions));
    };
    const different = await compare();
    // On a state that may not be current what was held counts on as held.
    if (different.length === 0 || account.reservations.length + account.leases.length === 0) return different;
    await until(() => isCurrent(url, customerId));
    return compare();
  }

  toString(): string {
    return JSON.stringify(this.action);
  }
}

interface Applied {
  /** What differs in the outcome. */
  readonly found: string[];
  /** What the command itself has told; time is none. */
  readonly told: readonly ModelEvent[];
}

/** What was due, the command, and what is due by it. */
function applyToModel(account: Account, performed: Performed): Applied {
  const before = account.events.length;
  const refused = modelRefuses(account, performed);
  const told = performed.product === null ? [] : account.events.slice(before);
  passTime(account, account.now);
  return { found: outcomeDiffers(performed, refused, told), told };
}

/** As `refusalOf`. */
function modelRefuses(account: Account, { product, model }: Performed): string | null {
  account.turn += 1;
  // One that ends at this very instant is still to be closed.
  if (product !== null) account.rollsFrom = account.now - 1;
  const refused = refusalOf(() => model(madeId(product)));
  if (product !== null && refused === null) account.announcedUntil = account.now;
  return refused;
}

function outcomeDiffers(
  { product, expected, got }: Performed,
  refused: string | null,
  told: readonly ModelEvent[],
): string[] {
  const answer =
    expected && refused === null && expected() !== got
      ? [`answer: product ${got ?? ''}, model ${expected()}`]
      : [];
  if (product === null) return answer;
  if (refused !== null && told.length > 0) throw new Error('the model has refused what it has done');
  if (refused !== product.code)
    return [`outcome: product ${product.code ?? 'done'} (${product.message}), model ${refused ?? 'done'}`];
  return answer;
}

const MADE = ['subscription', 'license', 'file', 'machine', 'seat', 'grant', 'reservation', 'lease', 'block'];

/** The id of what a mutation made. */
function madeId(product: Performed['product']): string {
  const made = MADE.map((field) => product?.data?.[field]).find((one) => one != null);
  return made === undefined ? 'none' : String(record(made)['id']);
}

function outcome({ product, got }: Performed): string {
  if (product === null) return '';
  return product.code === null ? (got === undefined ? '' : ` → ${got}`) : ` → ${product.code}`;
}

interface Written {
  /** Nothing is left to be written; else what was due and is written begins what the model tells. */
  readonly all: boolean;
  readonly wrote: boolean;
  /** By the step itself: it is written with it, whatever is still due. */
  readonly told: readonly ModelEvent[];
  /** Whether that is of many spends, which are written in any order. */
  readonly many: boolean;
}

async function compareEvents(
  account: Account,
  world: World,
  { all, wrote, told, many }: Written,
): Promise<string[]> {
  const { events, cursor, revision } = await eventsAfter(world.url, world.customerId, world.cursor);
  world.cursor = cursor;
  if (!wrote && revision !== null) world.revision = revision;
  const own = all ? [] : told;
  const due = account.events.filter((event) => !own.includes(event));
  const wanted = [...due.splice(0, all ? due.length : Math.max(0, events.length - own.length)), ...own];
  account.events.splice(0, account.events.length, ...due);
  const loose = new Set(many ? told.map(eventText) : []);
  const texts = (list: readonly ModelEvent[]): string => inOrder(list.map(eventText), loose).join(', ');
  return texts(events) === texts(wanted) ? [] : [`events: product ${texts(events)}; model ${texts(wanted)}`];
}

/** Those that are loose in the order of the alphabet, in the places that loose ones have. */
function inOrder(texts: readonly string[], loose: ReadonlySet<string>): readonly string[] {
  const sorted = texts.filter((text) => loose.has(text)).sort();
  return texts.map((text) => (loose.has(text) ? (sorted.shift() ?? text) : text));
}

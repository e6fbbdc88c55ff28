import {
  askedReads,
  beforeAll,
  type CustomerId,
  type CustomerState,
  findFeature,
  type Instant,
  knownState,
  type Release,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { readHead } from '../event-log/head.js';
import type { StoredEvent } from '../event-log/read.js';
import { positionOf } from '../event-log/revision.js';
import { loadAccounts, type StoredAccount } from '../repositories/accounts.js';
import { publishedRelease } from '../repositories/releases.js';
import { TIME } from '../repositories/write-accounts.js';
import { readEventData } from './event-data.js';
import { lookUp } from './look-up.js';
import { pastEvents } from './past-events.js';
import { undoable } from './undo.js';

/** How many own events, and publications, are taken back at most. */
const MOST_EVENTS = 2000;

/** Where in the log a state was. */
export interface PastPlace {
  readonly customerId: CustomerId;
  /** Of which something was decided: what other features count does not matter, unless a rule reads it. */
  readonly feature: string;
  /** The last event that the state held. */
  readonly position: number;
  readonly at: Instant;
}

/**
 * What a customer had, by taking back what has happened since; its counters are not brought back where nothing but what was used is
 * counted. Null: it cannot be told from what the log holds.
 */
export function pastState(db: Database, tenantId: TenantId, place: PastPlace): Promise<CustomerState | null> {
  return readTransaction(db, tenantId, async (transaction) => {
    const { rulesVersion } = await readHead(transaction);
    const { release, accounts } = await loadAccounts(db, transaction, [place.customerId], {
      live: Promise.resolve(rulesVersion),
    });
    const stored = accounts.get(place.customerId);
    return stored === undefined
      ? withoutCustomer(db, transaction, release, place)
      : takenBack(db, transaction, { stored, release, place });
  });
}

/** Nothing but the rules may have been others. */
async function withoutCustomer(
  db: Database,
  transaction: Transaction,
  live: Release,
  { customerId, position }: PastPlace,
): Promise<CustomerState | null> {
  const nobody = { id: customerId, subject: '' };
  const { events, from } = await pastEvents(transaction, nobody, false, MOST_EVENTS);
  if (from > position + 1) return null;
  const publications = events.flatMap((event) => {
    const told = positionOf(event.revision) > position ? readEventData(event) : null;
    return told?.kind === 'PUBLICATION' ? [told.before.rulesVersion] : [];
  });
  const first = publications.at(-1);
  const release = first === undefined ? live : await publishedRelease(db, transaction, first);
  return { kind: 'UNKNOWN_CUSTOMER', release, customerId };
}

interface Present {
  readonly stored: StoredAccount;
  readonly release: Release;
  readonly place: PastPlace;
}

async function takenBack(
  db: Database,
  transaction: Transaction,
  { stored, release, place }: Present,
): Promise<CustomerState | null> {
  const { customerId, feature, position } = place;
  const usage = dependsOnUsage(stored, release, feature);
  const { events, from } = await pastEvents(transaction, stored.row, usage, MOST_EVENTS);
  if (from > position + 1) return null;
  // Releases are large: those that gave way before then are not read.
  const later = events.filter(({ revision }) => positionOf(revision) > position);
  const lookup = await lookUp(db, transaction, stored, release, later);
  const since = undoable(events, lookup, later.length).filter((_one, index) => {
    const event = later[index];
    return event !== undefined && !wasDue(event, place.at) && (usage || isOf(event, feature));
  });
  // What was due under former releases is written in no row yet: before they gave way it was not due.
  const present = since.some((one) => one.undo.kind === 'RELEASE') ? stored.written : stored.account;
  const past = beforeAll({ account: present, release }, since);
  if (past === null) return null;
  return past.account === null
    ? { kind: 'UNKNOWN_CUSTOMER', release: past.release, customerId }
    : knownState(past.release, past.account);
}

/** Of what is prepaid, and of what rules compare with usage, the counter alone does not tell enough. */
function dependsOnUsage({ written }: StoredAccount, release: Release, text: string): boolean {
  const feature = findFeature(release, text);
  if (feature === null) return false;
  const isPrepaid = feature.type === 'METERED' && feature.window === null;
  return isPrepaid || (askedReads(written, release, feature.key)?.usage.size ?? 0) > 0;
}

/** What time had made due by then counted, whoever has written it down later. */
function wasDue({ actor, at }: StoredEvent, by: Instant): boolean {
  return actor.kind === TIME.kind && actor.id === TIME.id && at <= by;
}

/** Whether it is more than the counter of another feature, or a number that is on record. */
function isOf(event: StoredEvent, feature: string): boolean {
  const told = readEventData(event);
  switch (told?.kind) {
    case 'WINDOW':
    case 'ROLLED':
      return told.data.feature === feature;
    case 'CREDITS':
    case 'RESERVATION_EXPIRED':
    case 'LEASE_EXPIRED':
      return false;
    default:
      return true;
  }
}

import type { KnownState, Release } from '../customer.js';
import {
  type CustomerId,
  parseCustomerId,
  parseLicenseId,
  parseMemberId,
  parseTenantId,
  type TenantId,
} from '../ids.js';
import { addDuration } from '../time/calendar.js';
import type { Instant } from '../time/instant.js';
import { accountFor, type SnapshotAudience } from './audience.js';
import { anything, integer, literal, Misfit, object, text, variants } from './codec.js';
import { type ConditionReader, readState } from './read-state.js';
import { type SnapshotTimes, UTC } from './times.js';
import { seconds, word } from './wire.js';
import { writeState } from './write-state.js';

/** Of the form that is written here; a reader refuses any other. */
export const SNAPSHOT_FORM = 1;
/** What `aud` says of every snapshot. */
export const SNAPSHOT_AUDIENCE = 'licet-sdk';

/** What a snapshot is, besides its state. */
export interface SnapshotStamp {
  /** Rises with each snapshot of the customer: one with a lower number is refused. */
  readonly counter: number;
  /** Of the tenant's log: up to which the state is known to be current. */
  readonly revision: string;
  readonly audience: SnapshotAudience;
}

/** One customer's state at one revision, for deciding without the gateway; docs/snapshots.md. */
export interface Snapshot extends SnapshotStamp, SnapshotTimes {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  readonly state: KnownState;
  /** By feature with `lastKnown`: when the age that it names is over, which may be before the snapshot is. */
  readonly lastKnownUntil: ReadonlyMap<string, Instant>;
}

const audience = variants('kind', [
  object({ kind: literal('CUSTOMER') }),
  object({ kind: literal('MEMBER'), memberId: word(parseMemberId) }),
  object({ kind: literal('LICENSE'), licenseId: word(parseLicenseId) }),
]);

const stamp = {
  form: literal(SNAPSHOT_FORM),
  counter: integer(1),
  revision: text,
  for: audience,
  refreshAfter: seconds,
  graceFrom: seconds,
};
const claims = object(stamp);
const payload = object({
  iss: word(parseTenantId),
  aud: literal(SNAPSHOT_AUDIENCE),
  sub: word(parseCustomerId),
  iat: seconds,
  exp: seconds,
  ...stamp,
  state: anything,
});

/** The state as the audience's snapshot holds it, in the form of JSON; null: it holds no such licence. */
export function snapshotState(state: KnownState, asking: SnapshotAudience): object | null {
  const account = accountFor(state, asking);
  return account === null ? null : writeState(state.release, account);
}

/** What a snapshot claims besides `iss`, `aud`, `iat` and `exp`. `state`: see `snapshotState`. */
export function snapshotClaims(
  customerId: CustomerId,
  { counter, revision, audience: asking }: SnapshotStamp,
  { refreshAfter, graceFrom }: SnapshotTimes,
  state: object,
): Readonly<Record<string, unknown>> {
  const stamped = { form: SNAPSHOT_FORM, counter, revision, for: asking, refreshAfter, graceFrom } as const;
  return { sub: customerId, ...claims.write(stamped), state };
}

/** A snapshot, or what is wrong with it, and where. */
export type SnapshotReading =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly path: string; readonly message: string };

/**
 * Reads the payload of a snapshot, which whoever calls has verified. How old it is is for the caller to judge.
 * `readCondition`: conditions travel as texts, and what reads them is large.
 */
export function readSnapshotBy(readCondition: ConditionReader, document: unknown): SnapshotReading {
  try {
    return { ok: true, snapshot: snapshotOf(readCondition, document) };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { ok: false, path: error.path, message: error.message };
  }
}

function snapshotOf(readCondition: ConditionReader, document: unknown): Snapshot {
  const read = payload.read(document);
  const { iss, sub, iat, exp, counter, revision, refreshAfter, graceFrom } = read;
  const reading = readState(read.state, readCondition);
  if (!reading.ok) throw new Misfit(reading.message, `state.${reading.path}`);
  const { state } = reading;
  if (state.account.id !== sub) throw new Misfit('the state is of another customer than `sub` names', 'sub');
  if (iat > refreshAfter || refreshAfter > graceFrom || graceFrom > exp)
    throw new Misfit('the times are not in their order', 'refreshAfter');
  return {
    tenantId: iss,
    customerId: sub,
    counter,
    revision,
    audience: read.for,
    issuedAt: iat,
    refreshAfter,
    graceFrom,
    expiresAt: exp,
    state,
    lastKnownUntil: lastKnownEnds(state.release, iat),
  };
}

function lastKnownEnds({ catalog }: Release, issuedAt: Instant): ReadonlyMap<string, Instant> {
  const ends = new Map<string, Instant>();
  for (const { key, whenUnknown } of catalog.features.values())
    if (whenUnknown.kind === 'LAST_KNOWN') ends.set(key, addDuration(issuedAt, whenUnknown.maxAge, UTC));
  return ends;
}

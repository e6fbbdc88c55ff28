import { z } from 'zod';
import type { KnownState } from '../customer.js';
import {
  type CustomerId,
  parseCustomerId,
  parseLicenseId,
  parseMemberId,
  parseTenantId,
  type TenantId,
} from '../ids.js';
import { accountFor, type SnapshotAudience } from './audience.js';
import { readState } from './read-state.js';
import type { SnapshotTimes } from './times.js';
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
}

const audience = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('CUSTOMER') }),
  z.object({ kind: z.literal('MEMBER'), memberId: word(parseMemberId) }),
  z.object({ kind: z.literal('LICENSE'), licenseId: word(parseLicenseId) }),
]);

const stamp = {
  form: z.literal(SNAPSHOT_FORM),
  counter: z.int().min(1),
  revision: z.string(),
  for: audience,
  refreshAfter: seconds,
  graceFrom: seconds,
};
const claims = z.object(stamp);
const payload = z.object({
  iss: word(parseTenantId),
  aud: z.literal(SNAPSHOT_AUDIENCE),
  sub: word(parseCustomerId),
  iat: seconds,
  exp: seconds,
  ...stamp,
  state: z.unknown(),
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
  return { sub: customerId, ...z.encode(claims, stamped), state };
}

/** A snapshot, or what is wrong with it, and where. */
export type SnapshotReading =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly path: string; readonly message: string };

/** Reads the payload of a snapshot, which whoever calls has verified. How old it is is for the caller to judge. */
export function readSnapshot(document: unknown): SnapshotReading {
  const read = payload.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { ok: false, path, message: issue?.message ?? 'it is of another form' };
  }
  const { iss, sub, iat, exp, counter, revision, refreshAfter, graceFrom } = read.data;
  const reading = readState(read.data.state);
  if (!reading.ok) return { ...reading, path: `state.${reading.path}` };
  const { state } = reading;
  if (state.account.id !== sub)
    return { ok: false, path: 'sub', message: 'the state is of another customer than `sub` names' };
  if (iat > refreshAfter || refreshAfter > graceFrom || graceFrom > exp)
    return { ok: false, path: 'refreshAfter', message: 'the times are not in their order' };
  const times = { issuedAt: iat, refreshAfter, graceFrom, expiresAt: exp };
  const stamped = { counter, revision, audience: read.data.for };
  return { ok: true, snapshot: { tenantId: iss, customerId: sub, ...stamped, ...times, state } };
}

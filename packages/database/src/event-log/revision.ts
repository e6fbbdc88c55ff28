declare const brand: unique symbol;

/**
 * A position in a tenant's log and the first 8 hex digits of that event's leaf hash: cursor and revision alike.
 * The hash tells a history that was lost (restore, failover) from the one that replaced it.
 */
export type Revision = string & { readonly [brand]: 'Revision' };

const FORM = /^[0-9a-f]{16}-[0-9a-f]{8}$/;

/** The revision before the first event. */
export const ORIGIN: Revision = revisionOf(0, Buffer.alloc(4));

export function revisionOf(position: number, leafHash: Buffer): Revision {
  const text = `${position.toString(16).padStart(16, '0')}-${leafHash.subarray(0, 4).toString('hex')}`;
  if (!isRevision(text)) throw new RangeError(`no position: ${String(position)}`);
  return text;
}

function isRevision(text: string): text is Revision {
  return FORM.test(text);
}

/** Reads a revision or cursor; null where the text is not of its form. */
export function parseRevision(text: string): Revision | null {
  return isRevision(text) && Number.isSafeInteger(positionOf(text)) ? text : null;
}

export function positionOf(revision: Revision): number {
  return parseInt(revision.slice(0, 16), 16);
}

/** The first four bytes of the leaf hash, in hex. */
export function tagOf(revision: Revision): string {
  return revision.slice(17);
}

import { defaultTimeZone, knownState, passReleases, type Release } from '@licet/domain';
import { ORIGIN, type Revision } from '../event-log/revision.js';
import type { KeptState } from './kept-state.js';

const RELEASES_KEPT = 16;

/** The release that decides for a tenant, and how states that were kept under an earlier one come to it. */
export class LiveRelease {
  #live: { readonly release: Release; readonly since: Revision } | null = null;
  /** Those that were live here lately, the last one last: states that nobody has asked for since go through them. */
  readonly #adopted: Release[] = [];

  /** Null: it was not read yet. */
  get release(): Release | null {
    return this.#live?.release ?? null;
  }

  /** Where the log was when it was first known here: it was published there, or before. */
  get since(): Revision {
    return this.#live?.since ?? ORIGIN;
  }

  /** From here on states are decided by this release; what is kept moves to it when it is asked for. */
  adopt(release: Release, since: Revision): void {
    const known = this.#live;
    if (known !== null && (since < known.since || release === known.release)) return;
    this.#live = { release, since };
    // The same once more: it was forgotten with a connection, and compiled anew.
    const last = this.#adopted.at(-1);
    if (last !== undefined && isSame(last, release)) this.#adopted.pop();
    this.#adopted.push(release);
    if (this.#adopted.length > RELEASES_KEPT) this.#adopted.shift();
  }

  forget(): void {
    this.#live = null;
    this.#adopted.length = 0;
  }

  /** A release swaps the rules of a state, not what the customer has; false: it must be read again. */
  move(kept: KeptState): boolean {
    const { state } = kept;
    const { release } = this;
    if (release === null) return false;
    if (state.release === release) return true;
    if (isSame(state.release, release)) {
      kept.state = state.kind === 'KNOWN' ? knownState(release, state.account) : { ...state, release };
      return true;
    }
    if (state.kind !== 'KNOWN') {
      kept.state = { ...state, release };
      return true;
    }
    const releases = this.#releasesFrom(state.release, release);
    if (releases === null) return false;
    const zone = state.account.timeZone;
    kept.state = knownState(release, passReleases(state.account, releases, () => zone).account);
    return true;
  }

  /** Null: one in between is not known here, or the zone of customers who name none, as this one may, is another. */
  #releasesFrom(from: Release, to: Release): readonly Release[] | null {
    const releases = this.#adopted.slice(this.#adopted.findIndex((one) => isSame(one, from)));
    const isWhole = releases.every(
      ({ publication }, index) => publication.version === from.publication.version + index,
    );
    const sameZone = releases.every((one) => defaultTimeZone(one) === defaultTimeZone(from));
    return isWhole && sameZone && releases.length > 1 && releases.at(-1) === to ? releases : null;
  }
}

/** Whether both are one publication of one history, compiled once or twice. */
function isSame({ number, publication: one }: Release, other: Release): boolean {
  const { publication } = other;
  return number === other.number && one.version === publication.version && one.at === publication.at;
}

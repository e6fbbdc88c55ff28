import { ApiError } from './errors/api-error.js';

const WINDOW_MILLISECONDS = 60_000;

/** How a guess went: it opened something, it opened nothing, or that could not be found out. */
export type Outcome =
  { readonly kind: 'RIGHT' | 'WRONG' } | { readonly kind: 'FAILED'; readonly error: unknown };

/** Says how a guess that was let in went; once for each. */
export type Leave = (outcome: Outcome) => void;

interface Waiting {
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

/** Whoever is counted together: an address, a network, a tenant. */
interface Place {
  wrong: number;
  open: number;
  /** When `wrong` is forgotten, by the process's own clock. */
  endsAt: number;
  readonly waiting: Waiting[];
}

/**
 * How many guesses of one place may be wrong in a minute. A guess counts as wrong from when it is let in until it has shown
 * that it is not, so that no more than `max` wrong ones are ever looked up, however many come at once; those that find no room
 * for this reason wait until it is known. Nothing is kept of places that were not wrong.
 */
export class GuessLimit {
  readonly #places = new Map<string, Place>();

  constructor(readonly max: number) {}

  /** Lets a guess in, at once or when there is room. RATE_LIMITED, with the rest of the minute, where too many were wrong. */
  async enter(name: string): Promise<Leave> {
    const place = this.#place(name);
    if (place.wrong >= this.max) throw tooMany(place);
    if (place.wrong + place.open < this.max) place.open += 1;
    else
      await new Promise<void>((go, fail) => {
        place.waiting.push({ go, fail });
      });
    return (outcome) => {
      this.#leave(name, place, outcome);
    };
  }

  #place(name: string): Place {
    const known = this.#places.get(name);
    if (known) return known;
    const place: Place = { wrong: 0, open: 0, endsAt: 0, waiting: [] };
    this.#places.set(name, place);
    return place;
  }

  #leave(name: string, place: Place, outcome: Outcome): void {
    place.open -= 1;
    if (outcome.kind === 'WRONG') this.#count(name, place);
    if (outcome.kind === 'FAILED') failAll(place, outcome.error);
    else if (place.wrong >= this.max) failAll(place, tooMany(place));
    this.#letIn(place);
    this.#forget(name, place);
  }

  #count(name: string, place: Place): void {
    place.wrong += 1;
    if (place.wrong > 1) return;
    place.endsAt = performance.now() + WINDOW_MILLISECONDS;
    setTimeout(() => {
      place.wrong = 0;
      this.#letIn(place);
      this.#forget(name, place);
    }, WINDOW_MILLISECONDS).unref();
  }

  #letIn(place: Place): void {
    while (place.wrong + place.open < this.max) {
      const next = place.waiting.shift();
      if (next === undefined) return;
      place.open += 1;
      next.go();
    }
  }

  #forget(name: string, { wrong, open }: Place): void {
    if (wrong === 0 && open === 0) this.#places.delete(name);
  }
}

function failAll({ waiting }: Place, error: unknown): void {
  for (const { fail } of waiting.splice(0)) fail(error);
}

function tooMany({ endsAt }: Place): ApiError {
  return new ApiError(
    'RATE_LIMITED',
    'too many licence keys that open nothing; try again later, with a key that was issued',
    null,
    { retryAfter: Math.max(Math.ceil((endsAt - performance.now()) / 1000), 1) },
  );
}

/** What was to be shown did not come: the system is not reachable, or it answered otherwise. */
export class TourError extends Error {
  readonly code = 'TOUR_FAILED';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'TourError';
  }
}

/** Ends the tour with `what` where it is not so, together with what was seen instead. */
export function expect(condition: boolean, what: string, seen: unknown): asserts condition {
  if (!condition) throw new TourError(`expected ${what}; seen: ${JSON.stringify(seen)}`);
}

import { instant, type Instant } from '@licet/domain/offline';

/** How far clocks may be apart, or go back when they are put right, before anybody minds. */
const APART = 5_000;
/** No process starts in less: a clock that is set to one instant before each start falls behind. */
const START_TAKES = 10;

/** What is kept of the times that were seen. */
export interface SeenTimes {
  /** The highest. Milliseconds since 1970. */
  readonly time: number;
  /** What is added to the clock of this machine, in milliseconds: what it lacked against the gateway's. */
  readonly skew: number;
  readonly starts: number;
}

/** The time, held against the highest that was ever seen. */
export class SeenClock {
  #highest = 0;
  #skew = 0;
  #starts = 0;
  #isSetBack = false;

  constructor(private readonly clock: () => number) {}

  /** Goes on from what earlier processes have seen; this one counts as one more start. */
  resume({ time, skew, starts }: SeenTimes): void {
    this.#skew = skew;
    this.#highest = Math.max(this.#highest, time + START_TAKES);
    this.#starts = starts + 1;
  }

  /** A time that is signed has been. */
  saw(signed: Instant): void {
    this.#highest = Math.max(this.#highest, signed);
  }

  get seen(): SeenTimes {
    return { time: this.#highest, skew: this.#skew, starts: this.#starts };
  }

  /** As of the last `read`. */
  get isSetBack(): boolean {
    return this.#isSetBack;
  }

  /** Never before the highest time that was seen. */
  read(): Instant {
    const now = Math.floor(this.clock()) + this.#skew;
    if (now >= this.#highest) {
      this.#highest = now;
      this.#isSetBack = false;
    } else this.#isSetBack = this.#highest - now > APART;
    return instant(this.#highest);
  }

  /** Of a snapshot that was just made: it puts the clock right, forwards and backwards, because nothing older is taken for new. */
  setBy(issuedAt: Instant): void {
    const now = Math.floor(this.clock());
    const apart = issuedAt - now;
    this.#skew = Math.abs(apart) > APART ? apart : 0;
    this.#highest = Math.max(issuedAt, now + this.#skew);
    this.#isSetBack = false;
  }
}

import { performance } from 'node:perf_hooks';
import { type Instant, instant } from '@licet/domain';

/** Samples are taken several times a second; the best of the last half minute counts. */
const SAMPLES = 120;

interface Sample {
  /** The database's clock less `performance.now()`, in milliseconds. */
  readonly offset: number;
  readonly roundTrip: number;
}

/**
 * The database's clock as this process knows it: checks are decided by it, so that all gateways turn at the same
 * instant however wrong their own clocks are. Until the first sample it is this machine's.
 */
export class DatabaseClock {
  readonly #samples: Sample[] = [];
  #offset = performance.timeOrigin;

  /** What was measured is no longer believed once something new is: until then it is the best there is. */
  restart(): void {
    this.#samples.length = 0;
  }

  /** The database read `clock` between `sentAt` and `receivedAt`, both by `performance.now()`. */
  sample(clock: Date, sentAt: number, receivedAt: number): void {
    this.#samples.push({
      offset: clock.getTime() - (sentAt + receivedAt) / 2,
      roundTrip: receivedAt - sentAt,
    });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    // The quickest round trip leaves the least room for error.
    const best = this.#samples.reduce((one, other) => (other.roundTrip <= one.roundTrip ? other : one));
    this.#offset = best.offset;
  }

  now(): Instant {
    return this.at(performance.now());
  }

  /** The instant of a reading of `performance.now()`. */
  at(reading: number): Instant {
    return instant(Math.floor(this.#offset + reading));
  }
}

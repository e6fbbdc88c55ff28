import { ErrorCode } from '@openfeature/core';
import type { Client } from '../client.js';
import type { ClientPhase } from '../status.js';
import { EvaluationError } from './evaluation-error.js';

/** What a provider is like, in OpenFeature's words. */
type State = 'READY' | 'STALE' | 'ERROR';

const STATES: Readonly<Record<ClientPhase, State>> = {
  fresh: 'READY',
  stale: 'STALE',
  grace: 'STALE',
  expired: 'ERROR',
  none: 'ERROR',
};

/** How each of a provider's events is told. */
export interface Events {
  ready(): void;
  stale(message: string): void;
  error(message: string): void;
  changed(): void;
}

/** Tells OpenFeature what a client's status says: each change of the state once, and whenever answers may have changed. */
export class Announcer {
  #told: State = 'READY';
  #stop: (() => void) | null = null;
  /** Of the last time that it has begun; null: it has ended. */
  #beginning: symbol | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly client: Client,
    private readonly events: Events,
  ) {}

  /** Resolves when there is something to decide on; rejects where there is nothing, and tells when there is. */
  async begin(): Promise<void> {
    this.end();
    const beginning = (this.#beginning = Symbol());
    await this.client.ready;
    // Who has ended meanwhile, or begun again, would never be rid of it.
    if (beginning === this.#beginning) this.#listen();
    if (this.#state === 'ERROR') {
      this.#told = 'ERROR';
      throw new EvaluationError(ErrorCode.PROVIDER_NOT_READY, this.#message);
    }
    this.again();
  }

  /** OpenFeature takes a provider for ready after it has begun, and after another context: what else it is, it is told then. */
  again(): void {
    if (this.#stop === null) return;
    this.#told = 'READY';
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#tell();
    });
  }

  end(): void {
    this.#beginning = null;
    this.#stop?.();
    this.#stop = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #listen(): void {
    this.#stop = this.client.onChange(() => {
      this.#tell();
      this.events.changed();
    });
  }

  get #state(): State {
    return STATES[this.client.status.phase];
  }

  get #message(): string {
    const { phase, problems } = this.client.status;
    return [`the snapshot: ${phase}`, ...problems.map(({ message }) => message)].join('; ');
  }

  #tell(): void {
    const state = this.#state;
    if (state === this.#told) return;
    this.#told = state;
    switch (state) {
      case 'READY':
        this.events.ready();
        break;
      case 'STALE':
        this.events.stale(this.#message);
        break;
      case 'ERROR':
        this.events.error(this.#message);
        break;
    }
  }
}

import {
  type EvaluationContext,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
} from '@openfeature/server-sdk';
import type { Client } from '../client.js';
import { Announcer } from './announcer.js';
import { evaluate, type Flagged, isBoolean, isNumber, isObjectOf, isString } from './evaluate.js';

/** Features as flags, decided in this process: OpenFeature's API for servers, on a client of one customer. Closing the client is left to who made it. */
export class LicetServerProvider implements Provider {
  readonly metadata = { name: 'licet' };
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  readonly #client: Client;
  readonly #announcer: Announcer;

  constructor(client: Client) {
    this.#client = client;
    this.#announcer = new Announcer(client, {
      ready: () => this.events.emit(ProviderEvents.Ready),
      stale: (message) => this.events.emit(ProviderEvents.Stale, { message }),
      error: (message) => this.events.emit(ProviderEvents.Error, { message }),
      changed: () => this.events.emit(ProviderEvents.ConfigurationChanged),
    });
  }

  initialize(): Promise<void> {
    return this.#announcer.begin();
  }

  onClose(): Promise<void> {
    this.#announcer.end();
    return Promise.resolve();
  }

  resolveBooleanEvaluation(
    key: string,
    otherwise: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#evaluate({ key, otherwise, isWanted: isBoolean }, context);
  }

  resolveStringEvaluation(
    key: string,
    otherwise: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.#evaluate({ key, otherwise, isWanted: isString }, context);
  }

  resolveNumberEvaluation(
    key: string,
    otherwise: number,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<number>> {
    return this.#evaluate({ key, otherwise, isWanted: isNumber }, context);
  }

  resolveObjectEvaluation<T extends JsonValue>(
    key: string,
    otherwise: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.#evaluate({ key, otherwise, isWanted: isObjectOf<T> }, context);
  }

  /** What is wrong rejects, as it does with providers that ask somebody. */
  #evaluate<T>(flag: Flagged<T>, context: EvaluationContext): Promise<ResolutionDetails<T>> {
    return new Promise((resolve) => {
      resolve(evaluate(this.#client, flag, context));
    });
  }
}

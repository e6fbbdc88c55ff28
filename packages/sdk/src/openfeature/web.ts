import {
  type EvaluationContext,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
} from '@openfeature/web-sdk';
import type { Client } from '../client.js';
import { Announcer } from './announcer.js';
import { evaluate, isBoolean, isNumber, isObjectOf, isString } from './evaluate.js';

/**
 * Features as flags, decided in this page: OpenFeature's API for browsers, on a client of the page's customer. Closing the client is
 * left to who made it. What it is like and what it answers is the server's (`Announcer`, `evaluate`). What is left looks the same and is
 * not: each SDK brings its own emitter and its own enum of events, and here nothing is awaited.
 */
export class LicetWebProvider implements Provider {
  readonly metadata = { name: 'licet' };
  readonly runsOn = 'client';
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

  /** Each evaluation brings its context along: nothing is to be fetched for another one. */
  onContextChange(): void {
    this.#announcer.again();
  }

  onClose(): Promise<void> {
    this.#announcer.end();
    return Promise.resolve();
  }

  resolveBooleanEvaluation(
    key: string,
    otherwise: boolean,
    context: EvaluationContext,
  ): ResolutionDetails<boolean> {
    return evaluate(this.#client, { key, otherwise, isWanted: isBoolean }, context);
  }

  resolveStringEvaluation(
    key: string,
    otherwise: string,
    context: EvaluationContext,
  ): ResolutionDetails<string> {
    return evaluate(this.#client, { key, otherwise, isWanted: isString }, context);
  }

  resolveNumberEvaluation(
    key: string,
    otherwise: number,
    context: EvaluationContext,
  ): ResolutionDetails<number> {
    return evaluate(this.#client, { key, otherwise, isWanted: isNumber }, context);
  }

  resolveObjectEvaluation<T extends JsonValue>(
    key: string,
    otherwise: T,
    context: EvaluationContext,
  ): ResolutionDetails<T> {
    return evaluate(this.#client, { key, otherwise, isWanted: isObjectOf<T> }, context);
  }
}

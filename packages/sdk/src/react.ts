'use client';

import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { Answer } from './answer.js';
import type { CheckOptions, Client } from './client.js';

/** What a component shows. It is rendered anew when time changes it, so that it needs neither its age nor its end. */
export type Entitlement = Omit<Answer, 'age' | 'validUntil'>;

export interface EntitlementsProviderProps<Features extends string = string> {
  /** Of whoever uses the page. Made outside of components, and closed by whoever has made it. */
  readonly client: Client<Features>;
  readonly children?: ReactNode;
}

export interface EntitledProps<Features extends string = string> extends CheckOptions {
  readonly feature: Features;
  /** Shown where the feature is denied; nothing by default. */
  readonly fallback?: ReactNode;
  readonly children?: ReactNode;
}

/** The hooks of a program that names its features: a misspelt one does not compile. */
export interface EntitlementsOf<Features extends string> {
  readonly EntitlementsProvider: (props: EntitlementsProviderProps<Features>) => ReactNode;
  readonly useEntitlement: (feature: Features, options?: CheckOptions) => Entitlement;
  readonly Entitled: (props: EntitledProps<Features>) => ReactNode;
}

const ClientContext = createContext<Client | null>(null);

/** The components below it are answered by this client. */
export function EntitlementsProvider({ client, children }: EntitlementsProviderProps): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/**
 * What `check` answers now. The component is rendered again when that is another answer, and for nothing else. Throws where no
 * EntitlementsProvider is above it, and what `check` throws.
 */
export function useEntitlement(feature: string, options?: CheckOptions): Entitlement {
  const client = useContext(ClientContext);
  if (client === null)
    throw new Error(
      '`useEntitlement` and `<Entitled>` need an `<EntitlementsProvider client={…}>` above them',
    );
  // Options are written in place, as another object with each render: what they hold is what counts.
  const answer = useMemo(() => answerOf(client, feature, options), [client, feature, heldBy(options)]);
  return useSyncExternalStore(client.onChange, answer, answer);
}

/** Its children where the feature is allowed, `fallback` where it is not. */
export function Entitled({ feature, fallback = null, children, ...options }: EntitledProps): ReactNode {
  return useEntitlement(feature, options).allowed ? children : fallback;
}

/** The same three for these features alone; by themselves they take any text. */
export function entitlementsOf<Features extends string>(): EntitlementsOf<Features> {
  return { EntitlementsProvider, useEntitlement, Entitled };
}

/** Where JSON cannot hold it, such as a context with a bigint, which object it is: `check` decides on it all the same. */
function heldBy(options?: CheckOptions): unknown {
  try {
    return JSON.stringify(options);
  } catch {
    return options;
  }
}

/** Gives the same object for as long as the answer is the same, as React asks of a store. */
function answerOf(client: Client, feature: string, options?: CheckOptions): () => Entitlement {
  let last: { readonly text: string; readonly entitlement: Entitlement } | null = null;
  return () => {
    const { age: _age, validUntil: _validUntil, ...entitlement } = client.check(feature, options);
    const text = JSON.stringify(entitlement);
    if (last?.text !== text) last = { text, entitlement };
    return last.entitlement;
  };
}

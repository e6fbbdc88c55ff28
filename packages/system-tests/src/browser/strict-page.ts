import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { client, Page } from './entitlements-page.js';

declare global {
  /** For whoever looks into the page: who listens to its client, and what shows its components and takes them away. */
  var strict: {
    readonly listeners: { begun: number; live: number; told: number };
    readonly show: () => void;
    readonly hide: () => void;
  };
}

/** How often somebody has begun to listen, how many do now, and how often one of them was told. */
const listeners = { begun: 0, live: 0, told: 0 };
const { onChange } = client;
Object.defineProperty(client, 'onChange', {
  value: (listener: () => void) => {
    listeners.begun += 1;
    listeners.live += 1;
    const stop = onChange(() => {
      listeners.told += 1;
      listener();
    });
    return () => {
      listeners.live -= 1;
      stop();
    };
  },
});

const root = createRoot(document.body);
const show = (): void => root.render(createElement(StrictMode, null, createElement(Page)));
globalThis.strict = { listeners, show, hide: () => root.render(null) };
void client.ready.then(show);

import { type Client, createClient } from '@licet/sdk';
import { indexedDbStorage } from '@licet/sdk/browser';
import { Entitled, EntitlementsProvider, useEntitlement } from '@licet/sdk/react';
import { createElement, type ReactNode, useEffect, useRef } from 'react';

declare global {
  /** For whoever looks into the page. */
  var licet: Client;
}

/** `?gateway=…&token=…`: shows what its customer may do, as a vendor's page would. */
const query = new URLSearchParams(location.search);
export const client = createClient({
  url: query.get('gateway') ?? '',
  token: query.get('token') ?? '',
  storage: indexedDbStorage(),
  retryMax: 200,
});

/** `sso: ENTITLED live`, and in `data-commits` how often it has been rendered. */
function Row({ feature }: { readonly feature: string }): ReactNode {
  const { code, source, used } = useEntitlement(feature, { quantity: 0, context: {} });
  const element = useRef<HTMLLIElement>(null);
  const commits = useRef(0);
  useEffect(() => {
    commits.current += 1;
    element.current?.setAttribute('data-commits', String(commits.current));
  });
  return createElement(
    'li',
    { ref: element, id: feature },
    `${feature}: ${code} ${source} ${String(used ?? 0)}`,
  );
}

export function Page(): ReactNode {
  const rows = ['sso', 'calls', 'projects'].map((feature) => createElement(Row, { key: feature, feature }));
  const entitled = createElement(Entitled, { feature: 'sso', fallback: 'upgrade' }, 'welcome');
  return createElement(EntitlementsProvider, { client }, createElement('p', null, entitled), ...rows);
}

globalThis.licet = client;

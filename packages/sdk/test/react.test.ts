import { Entitled, EntitlementsProvider, entitlementsOf, useEntitlement } from '@licet/sdk/react';
import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { Site } from '../testing/site.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

function Code({
  feature,
  quantity = 1,
}: {
  readonly feature: string;
  readonly quantity?: number;
}): ReactNode {
  const { code, source } = useEntitlement(feature, { quantity });
  return `${code} ${source}`;
}

test('a server renders what its client decides, with no network too', async () => {
  const client = await site.start();
  const page = (feature: string, quantity: number): string =>
    renderToString(
      createElement(EntitlementsProvider, { client }, createElement(Code, { feature, quantity })),
    );
  expect(page('sso', 1)).toBe('ENTITLED cache');
  expect(page('calls', 101)).toBe('LIMIT_EXCEEDED cache');
  await site.gateway.down();
  site.time += 60_000;
  expect(page('sso', 1)).toBe('UNAVAILABLE fallback');
  expect(page('editor', 1)).toBe('ENTITLED_FALLBACK fallback');
});

test('what is not entitled shows the fallback, and nothing where there is none', async () => {
  const client = await site.start();
  const page = (feature: string, rest: object = {}): string => {
    const entitled = createElement(Entitled, { feature, ...rest }, 'yes');
    return renderToString(createElement(EntitlementsProvider, { client }, entitled));
  };
  expect(page('sso', { fallback: 'no' })).toBe('yes');
  expect(page('calls', { quantity: 101, fallback: 'no' })).toBe('no');
  expect(page('none')).toBe('');
});

test('without a provider the error says what is missing', () => {
  expect(() => renderToString(createElement(Code, { feature: 'sso' }))).toThrow(
    '<EntitlementsProvider client=',
  );
});

test('what a check refuses is thrown where it is rendered', async () => {
  const client = await site.start();
  const code = createElement(Code, { feature: 'sso', quantity: -1 });
  expect(() => renderToString(createElement(EntitlementsProvider, { client }, code))).toThrow('`quantity`');
});

test('a context that JSON cannot hold is decided on as by a check', async () => {
  const client = await site.start();
  const around: Record<string, unknown> = {};
  around['self'] = around;
  for (const context of [around, { seats: 1n }]) {
    const entitled = createElement(Entitled, { feature: 'sso', context }, 'yes');
    expect(renderToString(createElement(EntitlementsProvider, { client }, entitled))).toBe('yes');
    expect(client.check('sso', { context }).code).toBe('ENTITLED');
  }
});

test('a misspelt feature does not compile', async () => {
  // Two lines are marked below: where one of them compiles, the check of types fails.
  const own = entitlementsOf<'sso' | 'calls'>();
  const client = await site.start();
  const Page = (): ReactNode => {
    // @ts-expect-error: there is no such feature.
    const misspelt = own.useEntitlement('ssso');
    return `${own.useEntitlement('sso').code} ${misspelt.code}`;
  };
  expect(renderToString(createElement(own.EntitlementsProvider, { client }, createElement(Page)))).toBe(
    'ENTITLED UNKNOWN_FEATURE',
  );
  // @ts-expect-error: nor here.
  createElement(own.Entitled, { feature: 'cals' });
});

import { type AuditResult, serverAudits } from 'graphql-http';
import { API_KEY, type RunningGateway, startGateway } from '../src/running-gateway.js';

interface Deviation {
  /** `warn`: a SHOULD is not followed, `notice`: a MAY is not taken up. */
  readonly status: 'warn' | 'notice';
  readonly why: string;
}

const BAD_REQUEST =
  'What cannot be executed is a bad request, 400, for every media type: proxies and clients see it without reading the body, which holds the errors all the same. The specification wants 200 for clients from before it alone.';
const NO_SIMPLE_GET =
  'A GET that a web page could send without asking first is refused (Apollo Server, csrfPrevention); with a header of its own, such as `apollo-require-preflight`, it is answered.';

/** What the audits find, by their ids, each with its reason; all others pass. One that is found no more must go. */
const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  '572B': { status: 'warn', why: BAD_REQUEST },
  FDE2: { status: 'warn', why: BAD_REQUEST },
  '7B9B': { status: 'warn', why: BAD_REQUEST },
  '5A70': { status: 'notice', why: NO_SIMPLE_GET },
  D6D5: { status: 'notice', why: NO_SIMPLE_GET },
  '6A70': { status: 'notice', why: NO_SIMPLE_GET },
};

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const audits = serverAudits({
  url: () => `${gateway.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init.headers)), authorization: `Bearer ${API_KEY}` },
    }),
});

const named = audits.map((audit) => {
  const deviation = DEVIATIONS[audit.id];
  const told = deviation === undefined ? '' : ` (${deviation.status}: ${deviation.why})`;
  return [`${audit.id} ${audit.name}${told}`, audit, deviation?.status ?? 'ok'] as const;
});

test('every deviation is of an audit', () => {
  const ids = audits.map(({ id }) => id);
  expect(Object.keys(DEVIATIONS).filter((id) => !ids.includes(id))).toEqual([]);
});

test.each(named)('%s', async (_name, audit, status) => {
  const result: AuditResult = await audit.fn();
  const found = result.status === 'ok' ? '' : result.reason;
  expect({ status: result.status, found }).toEqual({ status, found });
});

test('a GET is refused for want of a header of its own, and with one it is answered', async () => {
  const get = (headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${gateway.url}/graphql?query=%7B__typename%7D`, {
      headers: { authorization: `Bearer ${API_KEY}`, accept: 'application/json', ...headers },
    });
  const refused = await get({ 'content-type': 'application/x-www-form-urlencoded' });
  expect(await refused.text()).toMatch(/CSRF|Cross-Site Request Forgery/);
  const answered = await get({ 'apollo-require-preflight': 'true' });
  expect(await answered.json()).toEqual({ data: { __typename: 'Query' } });
});

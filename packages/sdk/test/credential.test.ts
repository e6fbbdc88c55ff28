import { getEventListeners } from 'node:events';
import { Credential, type TokenSource } from '../src/credential.js';

const listeners = ({ closed }: Credential): number => getEventListeners(closed, 'abort').length;
const never = (): Promise<string> => new Promise(() => undefined);

test.each<[string, TokenSource, string]>([
  ['has come', () => 'next', 'Bearer next'],
  ['cannot be had', () => Promise.reject(new Error('signed out')), 'signed out'],
  ['does not come in time', never, 'what gives the token has not answered in 1 ms'],
])('of a token that %s nothing is left for as long as its client lives', async (_name, source, said) => {
  const credential = new Credential(source, said.endsWith('1 ms') ? 1 : 60_000);
  for (let fetched = 0; fetched < 3; fetched += 1) {
    const header = credential.header();
    expect(listeners(credential)).toBe(1);
    expect(await header.catch((error: unknown) => (error instanceof Error ? error.message : ''))).toBe(said);
    expect(listeners(credential)).toBe(0);
    credential.renew('Bearer next');
  }
});

test.each([
  ['nothing', undefined, 'no text, but the type undefined'],
  ['a number', 7, 'no text, but the type number'],
  ['an empty text', '', 'an empty text'],
])('%s is no token, and the next one is asked for', async (_name, given, said) => {
  const tokens: unknown[] = [given, 'next'];
  const credential = new Credential((() => tokens.shift()) as TokenSource, 60_000);
  await expect(credential.header()).rejects.toThrow(said);
  await expect(credential.header()).resolves.toBe('Bearer next');
});

test('who waits for a token when its client ends waits no longer, and who comes later does not begin to', async () => {
  const credential = new Credential(never, 60_000);
  const waiting = credential.header();
  credential.close();
  await expect(waiting).rejects.toThrow('this client is closed');
  await expect(credential.header()).rejects.toThrow('this client is closed');
  expect(listeners(credential)).toBe(0);
});

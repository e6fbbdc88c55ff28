import type { IncomingMessage } from 'node:http';
import { all, compile } from '@fastify/proxy-addr';

/** Says from which address a request comes, behind the proxies that are trusted. */
export type AddressOf = (request: IncomingMessage) => string;

/**
 * `trusted`: addresses and networks (CIDR) of proxies whose `X-Forwarded-For` is believed; none: the connection's own
 * address counts. TypeError where one is neither.
 */
export function addressBehind(trusted: readonly string[]): AddressOf {
  const isTrusted = compile([...trusted]);
  // From the connection's own back to the first that is not a trusted proxy's.
  return (request) => all(request, isTrusted).at(-1) ?? 'unknown';
}

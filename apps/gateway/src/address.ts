import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
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

/** Where an address is counted. */
export interface Places {
  /** What one customer of a provider has at least: an IPv4 address, or an IPv6 network of 64 bits, whose addresses cost nothing. */
  readonly place: string;
  /** The IPv6 network of 48 bits around it, as much as one site may have; null for IPv4. */
  readonly network: string | null;
}

/** Where guesses from an address are counted. An IPv4 address within IPv6 (`::ffff:192.0.2.1`) is the IPv4 address. */
export function placesOf(address: string): Places {
  const bare = withoutPort(address).replace(/%.*$/, '');
  if (!isIPv6(bare)) return { place: bare, network: null };
  const groups = groupsOf(bare);
  if (IPV4_MAPPED.every((group, at) => groups[at] === group))
    return { place: groups.slice(6).flatMap(bytesOf).join('.'), network: null };
  const written = groups.map((group) => group.toString(16));
  return { place: `${written.slice(0, 4).join(':')}::/64`, network: `${written.slice(0, 3).join(':')}::/48` };
}

const IPV4_MAPPED = [0, 0, 0, 0, 0, 0xffff];
const GROUPS = 8;

/** Some proxies name the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(address: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
}

/** The eight groups of 16 bits of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = [], tail] = address
    .split('::')
    .map((half) => half.split(':').flatMap((group) => (group === '' ? [] : groupsIn(group))));
  if (tail === undefined) return head;
  return [...head, ...Array.from({ length: GROUPS - head.length - tail.length }, () => 0), ...tail];
}

/** The last two groups may be written as an IPv4 address. */
function groupsIn(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function bytesOf(group: number): number[] {
  return [group >> 8, group & 0xff];
}

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, networkInterfaces } from 'node:os';
import type { MachineRequest } from '@licet/domain';

/** What this machine is known by. Only digests of its parts leave it. */
export function describeMachine(): Omit<MachineRequest, 'nonce'> {
  const id = machineId();
  const parts = [
    ...(id === null ? [] : [part('id', id)]),
    ...networkCards().map((address) => part('network', address)),
    ...cpus()
      .slice(0, 1)
      .map(({ model }) => part('processor', model)),
  ];
  // The system's own id outlives cards and processors.
  const fingerprint = id === null ? part('parts', parts.join()) : part('machine', id);
  return { fingerprint, components: [...new Set(parts)].slice(0, 32) };
}

export function newNonce(): string {
  return randomUUID();
}

function part(kind: string, text: string): string {
  return createHash('sha256').update(`licet ${kind} ${text}`).digest('base64url');
}

/** Linux has one for each installation; null: this system has none that can be read. */
function machineId(): string | null {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Those that were built in: of the others (the second bit is set) containers and tunnels make new ones. */
function networkCards(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const cards = all.flatMap(({ internal, mac }) =>
    internal || parseInt(mac.slice(0, 2), 16) & 2 ? [] : [mac],
  );
  return [...new Set(cards)].sort();
}

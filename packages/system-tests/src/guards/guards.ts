/** Every guard that a test of this package proves: its name in `BREAK`, and the test that must fail without it. */
export const GUARDS = {
  'meter-lock': 'oversell',
  'operation-key': 'idempotency',
  'claim-apart': 'worker-kill',
  'limit-in-row': 'downgrade-race',
  'customer-lock': 'feed-order',
  'frozen-timeout': 'frozen-gateway',
} as const satisfies Record<string, string>;

/** The guard that this run is to do without, from `BREAK`; throws for one that there is not. */
export function brokenGuard(): string {
  const name = process.env['BREAK'] ?? '';
  if (name !== '' && !(name in GUARDS)) {
    throw new Error(`BREAK is \`${name}\`; there are: ${Object.keys(GUARDS).join(', ')}`);
  }
  return name;
}

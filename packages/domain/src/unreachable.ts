/** Ends a switch over a union: a new member fails to compile at the call. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected case: ${JSON.stringify(value)}`);
}

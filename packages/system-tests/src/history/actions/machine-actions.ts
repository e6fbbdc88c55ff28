import fc from 'fast-check';
import { DAY, type Weighted, which } from './arbitraries.js';

/** How a machine names itself; null: left out. */
export interface NamedAction {
  readonly fingerprint: string | null;
  readonly components: readonly string[] | null;
}
/** One that the licence is activated on, by its id; or by a fingerprint. */
interface KnownMachine {
  readonly which: number;
  readonly machine: number | string;
}
export type MachineAction =
  | (NamedAction & {
      readonly kind: 'activateMachine';
      readonly which: number;
      readonly name: string | null | undefined;
    })
  | (KnownMachine & { readonly kind: 'deactivateMachine' })
  /** `lasts`: in minutes; null: left out. */
  | (KnownMachine & { readonly kind: 'heartbeatMachine'; readonly lasts: number | null });

/** As which machines name themselves. */
export const FINGERPRINTS = ['m1', 'm2', 'm3'] as const;

const fingerprint = fc.constantFrom(...FINGERPRINTS);
const components = fc.subarray(['board', 'disk', 'card', 'chip'], { minLength: 1 });
export const named: fc.Arbitrary<NamedAction> = fc.oneof(
  fc.record({ fingerprint, components: fc.constant(null) }),
  fc.record({ fingerprint: fc.constant(null), components }),
  fc.record({ fingerprint, components }),
);
const machine = fc.oneof(fc.nat(2), fingerprint);

export const MACHINE_ACTIONS: Weighted<MachineAction> = [
  [
    8,
    fc
      .record({ named, which, name: fc.constantFrom(undefined, undefined, null, 'desk', 'lab') })
      .map(({ named, ...rest }) => ({ kind: 'activateMachine' as const, ...named, ...rest })),
  ],
  [3, fc.record({ kind: fc.constant('deactivateMachine' as const), which, machine })],
  [
    5,
    fc.record({
      kind: fc.constant('heartbeatMachine' as const),
      which,
      machine,
      lasts: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: DAY })),
    }),
  ],
];

import fc from 'fast-check';
import { type Weighted, when, type When, zone } from './arbitraries.js';
import { FILE_ACTIONS, type FileAction } from './file-actions.js';
import { GRANT_ACTIONS, type GrantAction } from './grant-actions.js';
import {
  type IssueAction,
  LICENSE_ACTIONS,
  type LicenseAction,
  type ValidateAction,
} from './license-actions.js';
import { MACHINE_ACTIONS, type MachineAction } from './machine-actions.js';
import { SEAT_ACTIONS, type SeatAction } from './seat-actions.js';
import {
  type SubscribeAction,
  SUBSCRIPTION_ACTIONS,
  type SubscriptionAction,
} from './subscription-actions.js';
import { USAGE_ACTIONS, type UsageAction } from './usage-actions.js';

/** A step of a history before it is known what it meets there; `which` picks among what there is. */
export type Action =
  | { readonly kind: 'pass'; readonly to: When }
  | { readonly kind: 'worker'; readonly runs: boolean }
  | { readonly kind: 'again' }
  | { readonly kind: 'moveZone'; readonly zone: string }
  | SubscribeAction
  | SubscriptionAction
  | UsageAction
  | GrantAction
  | IssueAction
  | LicenseAction
  | ValidateAction
  | MachineAction
  | FileAction
  | SeatAction;

const WEIGHTED: Weighted<Action> = [
  [14, fc.record({ kind: fc.constant('pass' as const), to: when })],
  [1, fc.record({ kind: fc.constant('worker' as const), runs: fc.boolean() })],
  [2, fc.constant({ kind: 'again' as const })],
  [4, fc.record({ kind: fc.constant('moveZone' as const), zone })],
  ...SUBSCRIPTION_ACTIONS,
  ...USAGE_ACTIONS,
  ...GRANT_ACTIONS,
  ...LICENSE_ACTIONS,
  ...MACHINE_ACTIONS,
  ...FILE_ACTIONS,
  ...SEAT_ACTIONS,
];

export const ACTIONS: readonly fc.Arbitrary<Action>[] = WEIGHTED.flatMap(([weight, arbitrary]) =>
  Array.from({ length: weight }, () => arbitrary),
);

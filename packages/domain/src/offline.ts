/** What a program needs that decides by a snapshot and has to be small: neither CEL nor a schema library is among it. */
export { type CheckRequest, type Decision, type DecisionCode } from './decision/decision.js';
export { type Fact } from './decision/decision-facts.js';
export { featureOf, type Flag, flagOf, type FlagReason, type FlagValue } from './decision/flag.js';
export { denyWithoutRules } from './decision/without-state.js';
export { type CustomerState } from './customer.js';
export { type RequestContext } from './condition/facts.js';
export { type ConditionReader } from './snapshot/read-state.js';
export {
  decideBySnapshot,
  inGrace,
  nextPhaseAt,
  snapshotPhase,
  type SnapshotPhase,
  stateBySnapshot,
} from './snapshot/decide-by-snapshot.js';
export { type SnapshotAudience } from './snapshot/audience.js';
export {
  readSnapshotBy,
  type Snapshot,
  SNAPSHOT_AUDIENCE,
  type SnapshotReading,
} from './snapshot/snapshot.js';
export { type SnapshotTimes } from './snapshot/times.js';
export { instant, type Instant } from './time/instant.js';

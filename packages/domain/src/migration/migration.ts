import type { PlanKey } from '../ids.js';
import type { ChangeTiming } from '../subscription/command.js';
import type { PlanVersion } from '../subscription/subscription.js';
import type { Instant } from '../time/instant.js';

/** A version of a plan by its names; whether it was ever sold is another question. */
export interface NamedVersion {
  readonly plan: PlanKey;
  readonly version: number;
}

/** What a caller asks for: all subscriptions of one plan version are to go to another plan or version. */
export interface AskedMigration {
  readonly from: NamedVersion;
  /** Null: the plan stays. */
  readonly toPlan: PlanKey | null;
  /** Null: the version that is sold now. */
  readonly toVersion: number | null;
  readonly timing: ChangeTiming;
  readonly at: Instant | null;
}

/** A migration as it is carried out: where it leads was fixed when it was asked for. */
export interface Migration {
  readonly from: NamedVersion;
  readonly to: PlanVersion;
  readonly timing: ChangeTiming;
  readonly at: Instant | null;
}

import type {
  ChangeTiming,
  GrantEffect,
  GrantStatus,
  JobStatus,
  LicenseStatus,
  SubscriptionStatus,
} from './generated/graphql.js';

/** A change that waits. `addOns` and `quantities` null: as they are when its time comes. */
export interface ScheduledChangeData {
  readonly plan: string;
  readonly at: string;
  readonly addOns: readonly { readonly addOn: string; readonly quantity: number }[] | null;
  readonly quantities: Readonly<Record<string, number>> | null;
}

/** A subscription as the data of `subscription.*` events holds it; times are RFC 3339. */
export interface SubscriptionData {
  readonly id: string;
  readonly plan: string;
  readonly planVersion: number;
  /** `version` is missing from events of before add-ons had versions. */
  readonly addOns: readonly {
    readonly addOn: string;
    readonly version?: number;
    readonly quantity: number;
  }[];
  readonly quantities: Readonly<Record<string, number>>;
  /** Limits of the running windows after a change that prorates, by feature. Missing from events of before they held them. */
  readonly prorations?: Readonly<Record<string, { readonly limit: number; readonly until: string }>>;
  readonly status: SubscriptionStatus;
  readonly startedAt: string;
  readonly currentPeriodStart: string | null;
  readonly currentPeriodEnd: string | null;
  readonly trialEndsAt: string | null;
  readonly graceEndsAt: string | null;
  readonly cancelAt: string | null;
  readonly pausedAt: string | null;
  readonly resumesAt: string | null;
  readonly scheduledChange: ScheduledChangeData | null;
  readonly endedAt: string | null;
}

/** `before` is null where the subscription was made by this very event. */
export interface SubscriptionEventData extends CausedData {
  readonly before: SubscriptionData | null;
  readonly after: SubscriptionData;
}

/** What caused an event, besides its actor. */
export interface CausedData {
  /** The id of the plan migration that made the change; missing where none did. */
  readonly migration?: string;
}

/** A licence as the data of `license.*` events holds it; times are RFC 3339. */
export interface LicenseData {
  readonly id: string;
  readonly plan: string;
  readonly planVersion: number;
  readonly keyHint: string;
  readonly status: LicenseStatus;
  /** Where its dates have brought it, though it is suspended or revoked. */
  readonly term: LicenseStatus;
  readonly quantities: Readonly<Record<string, number>>;
  readonly startsAt: string;
  readonly expiresAt: string | null;
  readonly maintenanceUntil: string | null;
  readonly graceEndsAt: string | null;
  readonly endedAt: string | null;
  /** Since when it is suspended or revoked; null: it is neither. */
  readonly standingSince: string | null;
  readonly machineLimit: number | null;
}

/** `before` is null where the licence was made by this very event. */
export interface LicenseEventData {
  readonly before: LicenseData | null;
  readonly after: LicenseData;
}

/** A licence file as the data of `license.file_*` events holds it, without its token; times are RFC 3339. */
export interface LicenseFileData {
  readonly id: string;
  readonly license: string;
  readonly fingerprint: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Units that the machine may spend, by feature. */
  readonly budgets: Readonly<Record<string, number>>;
  /** The seat that the machine uses. */
  readonly seat: { readonly feature: string; readonly memberId: string } | null;
  /** When the machine was seen again; null: it was not. */
  readonly settledAt: string | null;
  /** What it has spent, by feature; null: the machine was not seen again. */
  readonly spent: Readonly<Record<string, number>> | null;
}

/** `before` is null where the file was issued by this very event. */
export interface LicenseFileEventData {
  readonly before: LicenseFileData | null;
  readonly after: LicenseFileData;
}

/** A machine as the data of `machine.*` events holds it: neither its name nor its parts; times are RFC 3339. */
export interface MachineData {
  readonly id: string;
  readonly fingerprint: string;
  readonly activatedAt: string;
  readonly lastSeenAt: string | null;
  /** Until when it holds a place, where machines take turns. */
  readonly inUseUntil: string | null;
}

/** `before` null: activated by this very event; `after` null: deactivated by it. */
export interface MachineEventData {
  /** The id of the licence. */
  readonly license: string;
  readonly before: MachineData | null;
  readonly after: MachineData | null;
}

/** A grant as the data of `grant.*` events holds it. */
export interface GrantData {
  readonly id: string;
  readonly feature: string;
  readonly effect: GrantEffect;
  /** Units or `unlimited`, a value of a CONFIG feature, `true` for a BOOLEAN one; null for BLOCK. */
  readonly value: number | string | true | null;
  readonly status: GrantStatus;
  readonly reason: string;
  readonly startsAt: string;
  readonly expiresAt: string | null;
}

/** `before` is null where the grant was made by this very event. */
export interface GrantEventData {
  readonly before: GrantData | null;
  readonly after: GrantData;
}

/** What `*.expiring_soon` adds: nothing has changed, and it ends at `endsAt`. */
export interface ExpiringSoonData {
  /** RFC 3339. */
  readonly endsAt: string;
  /** How long ahead the catalog's `expiringSoon` wants it told: an ISO 8601 duration. */
  readonly within: string;
}

/** The data of `rule.turned`: by time alone a rule says something else. Null: it cannot be evaluated without a request. */
export interface RuleTurnedData {
  readonly rule: string;
  readonly feature: string;
  /** Whose plan the rule is of, a subscription's or a licence's; both null: the catalog's own. */
  readonly subscription: string | null;
  /** Missing from events of before there were licences. */
  readonly license?: string | null;
  readonly before: boolean | null;
  readonly after: boolean | null;
}

/** A plan migration as the data of `migration.*` events holds it. */
export interface MigrationData {
  readonly id: string;
  readonly plan: string;
  readonly version: number;
  readonly toPlan: string;
  readonly toVersion: number;
  readonly timing: ChangeTiming;
  readonly at: string | null;
  /** How many customers it is for alone; null: for all. */
  readonly customers: number | null;
  readonly dryRun: boolean;
  readonly status: JobStatus;
  readonly done: number;
  /** Null: not counted yet. */
  readonly total: number | null;
  readonly moved: number;
  readonly refused: number;
}

/** `before` is null where the migration was made by this very event. */
export interface MigrationEventData {
  readonly before: MigrationData | null;
  readonly after: MigrationData;
}

/** The data of `usage.window_closed`. */
export interface WindowClosedData extends CausedData {
  readonly feature: string;
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly used: number;
  /** Where the feature rolls over: how much of the limit earlier windows had left over. */
  readonly rolledIn?: number;
  /** How much the next window has of this one, and of those before. */
  readonly rolledOver?: number;
}

/** The data of `usage.rollover_expired`: rolled-over units have ended before the window did. */
export interface RolloverExpiredData extends CausedData {
  readonly feature: string;
  /** What was left of them. */
  readonly units: number;
  /** What is part of the limit from then on: of other rolled-over units all, of these what is spent. */
  readonly rolledOver: number;
}

/** The data of `usage.threshold_reached`. The window is null where the feature has none. */
export interface ThresholdReachedData extends CausedData {
  readonly feature: string;
  /** As the catalog writes it: `80%`, or `1000`. */
  readonly threshold: string;
  readonly used: number;
  /** Null: unlimited. */
  readonly limit: number | null;
  readonly windowStart: string | null;
  readonly windowEnd: string | null;
}

/** The data of `usage.corrected`: late usage was added to a closed window. */
export interface UsageCorrectedData {
  readonly feature: string;
  readonly windowStart: string;
  readonly windowEnd: string;
  /** In that window, as it stands now. */
  readonly used: number;
  readonly added: number;
}

/** The data of `usage.reservation_expired`: nobody has committed or released it in time, and its units are free again. */
export interface ReservationExpiredData extends CausedData {
  readonly reservation: string;
  readonly feature: string;
  readonly quantity: number;
  readonly expiresAt: string;
  /** What is still held in its counter; null: its window is over, and the counter has moved on. */
  readonly reserved: number | null;
}

/** The data of `quota.leased`: units were handed out, and `reserved` counts them. */
export interface QuotaLeasedData {
  readonly lease: string;
  readonly feature: string;
  readonly quantity: number;
  /** What was asked for. */
  readonly asked: number;
  readonly expiresAt: string;
  /** What its counter says then. */
  readonly used: number;
  readonly reserved: number;
}

/** The data of `quota.returned`. */
export interface QuotaReturnedData {
  readonly lease: string;
  readonly feature: string;
  /** What was lent. */
  readonly quantity: number;
  readonly spent: number;
  /** What came back. */
  readonly returned: number;
  /** Whether it had been counted as spent, because its time was over. */
  readonly late: boolean;
  /** What its counter says then; null: its window is over, and all of it was spent in that. */
  readonly used: number | null;
  readonly reserved: number | null;
}

/** The data of `quota.expired`: nobody has returned the lease in time, and it is spent in full. */
export interface QuotaExpiredData extends CausedData {
  readonly lease: string;
  readonly feature: string;
  readonly quantity: number;
  readonly expiresAt: string;
  /** What its counter says then; null: its window is over, and it is counted in that. */
  readonly used: number | null;
  readonly reserved: number | null;
}

/** A credit block as the data of `credits.*` events holds it. */
export interface CreditBlockData {
  readonly id: string;
  readonly feature: string;
  readonly quantity: number;
  /** Not spent yet, those that are held included. */
  readonly remaining: number;
  readonly held: number;
  readonly priority: number;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  /** Null: somebody added it. */
  readonly source: {
    readonly kind: 'SUBSCRIPTION' | 'ADD_ON' | 'LICENSE';
    readonly id: string;
    readonly key: string;
  } | null;
  readonly status: 'LIVE' | 'EXPIRED' | 'VOIDED';
}

/** `before` is null where the block was made by this very event; `lost`: what was left of one that has ended. */
export interface CreditsEventData extends CausedData {
  readonly before: CreditBlockData | null;
  readonly after: CreditBlockData;
  readonly lost?: number;
}

/** A signing key as the data of `signing_key.*` events holds it; times are RFC 3339. */
export interface SigningKeyData {
  readonly kid: string;
  /** From when it signs, unless a newer key does. */
  readonly signsFrom: string;
  /** Until when it verifies; null: nothing follows it. */
  readonly retiresAt: string | null;
}

/** `signing_key.created`: `before` is null. `signing_key.rotated`: the same key, before and after another followed it. */
export interface SigningKeyEventData {
  readonly before: SigningKeyData | null;
  readonly after: SigningKeyData;
}

/** A seat as the data of `seat.*` events holds it; times are RFC 3339. */
export interface SeatData {
  readonly id: string;
  readonly feature: string;
  readonly memberId: string;
  readonly kind: 'NAMED' | 'FLOATING';
  readonly assignedAt: string;
  /** When a floating one frees itself unless it is renewed. */
  readonly leaseExpiresAt: string | null;
  /** It was given back, and stays taken until then; null: it is held. */
  readonly coolsUntil: string | null;
}

/** `before` is null where the seat was taken by this very event, `after` where it is taken no more. */
export interface SeatEventData extends CausedData {
  readonly before: SeatData | null;
  readonly after: SeatData | null;
}

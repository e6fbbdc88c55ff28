export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A place in a list or in the tenant's event log. Opaque. */
  Cursor: { input: string; output: string; }
  DateTime: { input: string; output: string; }
  Duration: { input: string; output: string; }
  JSON: { input: unknown; output: unknown; }
  JSONObject: { input: Record<string, unknown>; output: Record<string, unknown>; }
  /** Whole number, 0 to 2^53-1. */
  Quantity: { input: number; output: number; }
  /** A point in the tenant's history. Opaque: hand it back as `atLeast`, never compare or parse it. Returned by every mutation that writes and every decision. */
  Revision: { input: string; output: string; }
};

export type ActivateMachineInput = {
  /** 1 to 32, in any order, each of 1 to 255 characters; kept as keyed hashes alone. Left out: those that are known stay. */
  readonly components?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** 1 to 255 characters. Derived from the components where it is left out. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly licenseId: Scalars['ID']['input'];
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

export type Actor = {
  readonly id: Scalars['ID']['output'];
  readonly kind: ActorKind;
  readonly name: Maybe<Scalars['String']['output']>;
};

export type ActorKind =
  | 'API_KEY'
  | 'CUSTOMER'
  | 'LICENSE'
  | 'OPERATOR'
  | 'SYSTEM'
  | 'WORKER';

export type AddCreditsInput = {
  readonly customerId: Scalars['ID']['input'];
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  readonly feature: Scalars['String']['input'];
  readonly idempotencyKey: Scalars['String']['input'];
  readonly priority?: Scalars['Int']['input'];
  readonly quantity: Scalars['Quantity']['input'];
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

export type AddOnInput = {
  readonly addOn: Scalars['String']['input'];
  readonly quantity?: Scalars['Int']['input'];
};

/** What is given replaces the whole list. */
export type AdjustSubscriptionInput = {
  readonly addOns?: InputMaybe<ReadonlyArray<AddOnInput>>;
  readonly at?: InputMaybe<Scalars['DateTime']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly quantities?: InputMaybe<ReadonlyArray<FeatureQuantityInput>>;
  readonly subscriptionId: Scalars['ID']['input'];
  readonly timing?: ChangeTiming;
};

/** `operations` and `customerIds` narrow the role; empty: all. */
export type ApiKey = {
  readonly createdAt: Scalars['DateTime']['output'];
  readonly createdBy: Actor;
  readonly customerIds: ReadonlyArray<Scalars['ID']['output']>;
  readonly expiresAt: Maybe<Scalars['DateTime']['output']>;
  /** First characters. */
  readonly hint: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  readonly lastUsedAt: Maybe<Scalars['DateTime']['output']>;
  readonly name: Scalars['String']['output'];
  readonly operations: ReadonlyArray<Scalars['String']['output']>;
  readonly revokedAt: Maybe<Scalars['DateTime']['output']>;
  readonly role: Role;
};

export type ApiKeyConnection = {
  readonly edges: ReadonlyArray<ApiKeyEdge>;
  readonly pageInfo: PageInfo;
};

export type ApiKeyEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: ApiKey;
};

export type ApiKeyResult = {
  readonly apiKey: ApiKey;
  readonly revision: Scalars['Revision']['output'];
  /** Shown once, by the call that made it. */
  readonly secret: Maybe<Scalars['String']['output']>;
};

export type ApprovalSubject =
  | 'GRANT'
  | 'RELEASE';

export type CancelInput = {
  readonly at?: InputMaybe<Scalars['DateTime']['input']>;
  /** Whoever may have to ask again gives one: where a cancellation now has led to another plan, a second one ends that. */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  readonly subscriptionId: Scalars['ID']['input'];
  readonly timing?: ChangeTiming;
};

export type CatalogChange = {
  readonly after: Maybe<Scalars['JSON']['output']>;
  readonly before: Maybe<Scalars['JSON']['output']>;
  readonly kind: CatalogChangeKind;
  readonly path: Scalars['String']['output'];
  readonly subscriptionsAffected: Scalars['Quantity']['output'];
};

export type CatalogChangeKind =
  | 'ADDED'
  | 'CHANGED'
  | 'REMOVED';

/** What a document would change, from the documents alone. */
export type CatalogPreview = {
  readonly changes: ReadonlyArray<CatalogChange>;
  readonly problems: ReadonlyArray<CatalogProblem>;
  readonly scenarios: ReadonlyArray<ScenarioResult>;
};

/** `path` is a JSON pointer; line and column where the document came as YAML. */
export type CatalogProblem = {
  readonly column: Maybe<Scalars['Int']['output']>;
  readonly line: Maybe<Scalars['Int']['output']>;
  readonly message: Scalars['String']['output'];
  readonly path: Scalars['String']['output'];
  readonly severity: ProblemSeverity;
};

/** One immutable version of the whole catalog: features, plans, add-ons, rules, transitions, scenarios. */
export type CatalogRelease = {
  /** The release that was live when this one was drafted. */
  readonly base: Maybe<Scalars['Int']['output']>;
  readonly canaryPercent: Maybe<Scalars['Float']['output']>;
  readonly checksum: Scalars['String']['output'];
  readonly comment: Maybe<Scalars['String']['output']>;
  readonly createdAt: Scalars['DateTime']['output'];
  readonly createdBy: Actor;
  /** The catalog document (JSON form; YAML is accepted on the way in). */
  readonly document: Scalars['JSONObject']['output'];
  readonly guardPercent: Maybe<Scalars['Float']['output']>;
  readonly number: Scalars['Int']['output'];
  readonly publishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Why it was rejected or rolled back. */
  readonly reason: Maybe<Scalars['String']['output']>;
  readonly status: ReleaseStatus;
};

/** Every change, in order, signed into the tamper-evident log. (Units consumed are in the usage records, not here.) */
export type ChangeEvent = {
  readonly actor: Actor;
  /** When it took effect; `recordedAt` is when it was written. */
  readonly at: Scalars['DateTime']['output'];
  readonly cursor: Scalars['Cursor']['output'];
  readonly customerId: Maybe<Scalars['ID']['output']>;
  /** `before` and `after`, and what belongs to the type. */
  readonly data: Scalars['JSONObject']['output'];
  readonly id: Scalars['ID']['output'];
  readonly reason: Maybe<Scalars['String']['output']>;
  readonly recordedAt: Scalars['DateTime']['output'];
  readonly requestId: Maybe<Scalars['String']['output']>;
  readonly revision: Scalars['Revision']['output'];
  readonly subjectId: Scalars['ID']['output'];
  readonly subjectType: Scalars['String']['output'];
  readonly type: Scalars['String']['output'];
};

/** `timing`: what the catalog's transition says, where left out. `from`: CONFLICT where the subscription is on another plan. Replaces a scheduled change. */
export type ChangePlanInput = {
  readonly addOns?: InputMaybe<ReadonlyArray<AddOnInput>>;
  readonly at?: InputMaybe<Scalars['DateTime']['input']>;
  readonly from?: InputMaybe<Scalars['String']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly plan: Scalars['String']['input'];
  readonly quantities?: InputMaybe<ReadonlyArray<FeatureQuantityInput>>;
  readonly subscriptionId: Scalars['ID']['input'];
  readonly timing?: InputMaybe<ChangeTiming>;
};

export type ChangeTiming =
  | 'AT'
  | 'NOW'
  | 'PERIOD_END';

export type CheckInput = {
  /** Answer from a state at least this recent. */
  readonly atLeast?: InputMaybe<Scalars['Revision']['input']>;
  /** Facts that rules may use as `context`. */
  readonly context?: InputMaybe<Scalars['JSONObject']['input']>;
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  /** The machine asking, where the licence is bound to machines. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  /** The person asking, where the feature is or needs a seat. */
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  /** Version of the vendor's software asking, for perpetual licences with a maintenance period. */
  readonly productVersion?: InputMaybe<Scalars['String']['input']>;
  /** Units wanted on top of those used; none is spent. 0 asks only whether the feature is there. */
  readonly quantity?: Scalars['Quantity']['input'];
};

export type ConsumeInput = {
  readonly context?: InputMaybe<Scalars['JSONObject']['input']>;
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  /** The machine that spends, where the licence is bound to machines. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  /** The person who spends, where the feature needs a seat. */
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  readonly quantity?: Scalars['Quantity']['input'];
};

export type ConsumeResult = {
  readonly consumed: Scalars['Quantity']['output'];
  readonly decision: Decision;
  /** The first answer to this idempotencyKey, again. */
  readonly replayed: Scalars['Boolean']['output'];
  readonly revision: Scalars['Revision']['output'];
};

export type CreateApiKeyInput = {
  readonly customerIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly name: Scalars['String']['input'];
  readonly operations?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  readonly role: Role;
};

export type CreateCustomerTokenInput = {
  readonly customerId: Scalars['ID']['input'];
  /** The person in front of the screen; checks then ask for no other. */
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  /** 15 minutes where it is left out, a day at most. */
  readonly ttl?: InputMaybe<Scalars['Duration']['input']>;
};

/** Prepaid units of a METERED feature without a window. */
export type CreditBlock = {
  readonly createdAt: Scalars['DateTime']['output'];
  readonly customerId: Scalars['ID']['output'];
  readonly expiresAt: Maybe<Scalars['DateTime']['output']>;
  readonly feature: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  /** Lower is spent first. */
  readonly priority: Scalars['Int']['output'];
  readonly quantity: Scalars['Quantity']['output'];
  /** Not spent yet; units that reservations hold are among them. */
  readonly remaining: Scalars['Quantity']['output'];
  readonly source: Maybe<EntitlementSource>;
};

export type CreditBlockConnection = {
  readonly edges: ReadonlyArray<CreditBlockEdge>;
  readonly pageInfo: PageInfo;
};

export type CreditBlockEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: CreditBlock;
};

export type CreditBlockResult = {
  readonly block: CreditBlock;
  readonly revision: Scalars['Revision']['output'];
};

export type Customer = {
  readonly attributes: Scalars['JSONObject']['output'];
  readonly check: Decision;
  readonly createdAt: Scalars['DateTime']['output'];
  readonly creditBlocks: CreditBlockConnection;
  readonly entitlements: EntitlementSet;
  readonly grants: GrantConnection;
  readonly id: Scalars['ID']['output'];
  readonly licenses: LicenseConnection;
  readonly name: Maybe<Scalars['String']['output']>;
  readonly seats: SeatConnection;
  /** Those not ended, and on request the latest 100 ended. */
  readonly subscriptions: ReadonlyArray<PlanSubscription>;
  /** IANA zone in which this customer's calendar windows begin and end. */
  readonly timeZone: Scalars['String']['output'];
  readonly upcoming: ReadonlyArray<UpcomingChange>;
  /** Null where the feature is not counted. */
  readonly usage: Maybe<FeatureUsage>;
};


export type CustomerCheckArgs = {
  context: InputMaybe<Scalars['JSONObject']['input']>;
  feature: Scalars['String']['input'];
  memberId: InputMaybe<Scalars['ID']['input']>;
  quantity?: Scalars['Quantity']['input'];
};


export type CustomerCreditBlocksArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  feature: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  spent?: Scalars['Boolean']['input'];
};


export type CustomerGrantsArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  ended?: Scalars['Boolean']['input'];
  first?: Scalars['Int']['input'];
};


export type CustomerLicensesArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  first?: Scalars['Int']['input'];
};


export type CustomerSeatsArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  feature: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
};


export type CustomerSubscriptionsArgs = {
  ended?: Scalars['Boolean']['input'];
};


export type CustomerUpcomingArgs = {
  first?: Scalars['Int']['input'];
  until: InputMaybe<Scalars['DateTime']['input']>;
};


export type CustomerUsageArgs = {
  feature: Scalars['String']['input'];
};

/** totalCount is null where counting would be slow. */
export type CustomerConnection = {
  readonly edges: ReadonlyArray<CustomerEdge>;
  readonly pageInfo: PageInfo;
  readonly totalCount: Maybe<Scalars['Int']['output']>;
};

export type CustomerEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: Customer;
};

export type CustomerResult = {
  readonly customer: Customer;
  readonly revision: Scalars['Revision']['output'];
};

export type CustomerTokenResult = {
  readonly expiresAt: Scalars['DateTime']['output'];
  readonly token: Scalars['String']['output'];
};

export type Decision = {
  readonly allowed: Scalars['Boolean']['output'];
  /** When that state was last known to be current. */
  readonly asOf: Scalars['DateTime']['output'];
  readonly code: DecisionCode;
  readonly customerId: Scalars['ID']['output'];
  readonly feature: Scalars['String']['output'];
  /** Found again in the decision log. */
  readonly id: Scalars['ID']['output'];
  /** Null where there is none to speak of: see `unlimited`. */
  readonly limit: Maybe<Scalars['Quantity']['output']>;
  /** For people; states what would have to change. */
  readonly message: Scalars['String']['output'];
  /** Catalog release that decided; 0: none was at hand, the database being out of reach. */
  readonly release: Scalars['Int']['output'];
  /** Up to the limit, overage not counted; never below 0; null where unlimited. */
  readonly remaining: Maybe<Scalars['Quantity']['output']>;
  /** Held by open reservations and by quota leases and files not yet settled. */
  readonly reserved: Maybe<Scalars['Quantity']['output']>;
  readonly resetsAt: Maybe<Scalars['DateTime']['output']>;
  /** State that it was decided on. */
  readonly revision: Scalars['Revision']['output'];
  /** All that contribute to it; in a denial, those that came closest. */
  readonly sources: ReadonlyArray<EntitlementSource>;
  /** True where it was answered from kept state because the database was out of reach. */
  readonly stale: Scalars['Boolean']['output'];
  /** True where the feature is counted and nothing bounds it. */
  readonly unlimited: Scalars['Boolean']['output'];
  readonly used: Maybe<Scalars['Quantity']['output']>;
  /** Until when the passing of time alone cannot change this decision; null: for ever. */
  readonly validUntil: Maybe<Scalars['DateTime']['output']>;
  /** The value of a CONFIG feature. */
  readonly value: Maybe<Scalars['JSON']['output']>;
};

/** The first six allow. */
export type DecisionCode =
  /** A block made for this customer alone. */
  | 'BLOCKED'
  /** A rule's condition is false, or a fact that it needs is missing. */
  | 'CONDITION_NOT_MET'
  /** Too many deactivations in the period. */
  | 'DEACTIVATION_LIMIT_EXCEEDED'
  /** A rule of the catalog says no. */
  | 'DENIED_BY_RULE'
  /** The command is done; there was nothing to decide (a seat, a machine or units given back). */
  | 'DONE'
  | 'ENTITLED'
  /** State is out of reach and the feature fails open. */
  | 'ENTITLED_FALLBACK'
  /** Allowed only because of a grace period after a failed payment or a licence's end. */
  | 'ENTITLED_GRACE'
  /** Allowed only because of a grant made for this customer alone. */
  | 'ENTITLED_GRANT'
  /** Allowed beyond the limit, under a soft limit or none. */
  | 'ENTITLED_OVERAGE'
  | 'LICENSE_EXPIRED'
  | 'LICENSE_REVOKED'
  | 'LICENSE_SUSPENDED'
  | 'LIMIT_EXCEEDED'
  /** In use on as many machines at once as the licence allows. */
  | 'MACHINE_IN_USE'
  | 'MACHINE_LIMIT_EXCEEDED'
  /** This machine is not activated on the licence. */
  | 'NOT_ACTIVATED'
  | 'NOT_IN_PLAN'
  /** Bought, but begins later. */
  | 'NOT_STARTED'
  | 'NO_ACTIVE_PLAN'
  /** No free seat, or this member holds none. */
  | 'NO_SEAT'
  /** As many offline files or borrowed seats are out as the licence allows. */
  | 'OFFLINE_LIMIT_EXCEEDED'
  /** The seat's last holder left it less than the cool-down ago. */
  | 'SEAT_COOLDOWN'
  /** Expired or cancelled. */
  | 'SUBSCRIPTION_EXPIRED'
  | 'SUBSCRIPTION_PAUSED'
  /** State is out of reach and the feature fails closed. */
  | 'UNAVAILABLE'
  | 'UNKNOWN_CUSTOMER'
  | 'UNKNOWN_FEATURE'
  /** No such licence key; never says whether it once was one. */
  | 'UNKNOWN_LICENSE'
  /** The perpetual licence's maintenance ended before this version was released. */
  | 'VERSION_NOT_COVERED';

/** `local`: decided by an SDK and reported later. */
export type DecisionRecord = {
  readonly actor: Actor;
  readonly at: Scalars['DateTime']['output'];
  readonly decision: Decision;
  readonly input: Scalars['JSONObject']['output'];
  readonly local: Scalars['Boolean']['output'];
  readonly operation: Scalars['String']['output'];
};

export type DecisionRecordConnection = {
  readonly edges: ReadonlyArray<DecisionRecordEdge>;
  readonly pageInfo: PageInfo;
};

export type DecisionRecordEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: DecisionRecord;
};

export type DenialReason = {
  readonly code: DecisionCode;
  readonly message: Scalars['String']['output'];
  readonly source: Maybe<EntitlementSource>;
};

export type Enforcement =
  | 'HARD'
  | 'NONE'
  | 'SOFT';

/** What a check for 1 would say. */
export type Entitlement = {
  readonly allowed: Scalars['Boolean']['output'];
  readonly code: DecisionCode;
  readonly feature: Scalars['String']['output'];
  readonly limit: Maybe<Scalars['Quantity']['output']>;
  readonly remaining: Maybe<Scalars['Quantity']['output']>;
  readonly reserved: Maybe<Scalars['Quantity']['output']>;
  readonly resetsAt: Maybe<Scalars['DateTime']['output']>;
  readonly sources: ReadonlyArray<EntitlementSource>;
  readonly type: FeatureType;
  readonly unlimited: Scalars['Boolean']['output'];
  readonly used: Maybe<Scalars['Quantity']['output']>;
  readonly value: Maybe<Scalars['JSON']['output']>;
};

/** All that a customer may do, at one revision; conditions on `context` see an empty one. */
export type EntitlementSet = {
  readonly asOf: Scalars['DateTime']['output'];
  readonly customerId: Scalars['ID']['output'];
  /** One for each feature of the catalog, denied ones too. */
  readonly entitlements: ReadonlyArray<Entitlement>;
  readonly release: Scalars['Int']['output'];
  readonly revision: Scalars['Revision']['output'];
  readonly stale: Scalars['Boolean']['output'];
  /** Until when the passing of time alone cannot change it. */
  readonly validUntil: Maybe<Scalars['DateTime']['output']>;
};

/** `id`: of the subscription, licence, grant or block; `key`: of the plan or add-on. */
export type EntitlementSource = {
  readonly id: Scalars['ID']['output'];
  readonly key: Maybe<Scalars['String']['output']>;
  readonly kind: SourceKind;
};

/**
 * Sent when a feature's `allowed`, `code`, `value` or `limit` changes, not for every unit used. `cause` is the event that made the difference
 * (null in a first message that says what is now); a boundary in time (trial end, reset, expiry) is an event too and arrives when it is reached.
 */
export type EntitlementsChange = {
  readonly at: Scalars['DateTime']['output'];
  readonly cause: Maybe<ChangeEvent>;
  readonly changed: ReadonlyArray<Scalars['String']['output']>;
  readonly cursor: Scalars['Cursor']['output'];
  readonly customerId: Scalars['ID']['output'];
  readonly entitlements: EntitlementSet;
};

export type EventConnection = {
  readonly edges: ReadonlyArray<EventEdge>;
  readonly pageInfo: PageInfo;
};

export type EventEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: ChangeEvent;
};

/** The whole reasoning: every source looked at, every reason that failed (not only the first), the smallest changes that would allow it, and the event after which the answer became what it is. */
export type Explanation = {
  readonly decision: Decision;
  /** The one that gives the code comes first. */
  readonly reasons: ReadonlyArray<DenialReason>;
  /** Each is one change, and was tried. None in the past. */
  readonly remedies: ReadonlyArray<Remedy>;
  /** Null: it is not known, or the answer is one for another time. */
  readonly since: Maybe<ChangeEvent>;
  readonly steps: ReadonlyArray<ExplanationStep>;
};

export type ExplanationStep = {
  readonly detail: Scalars['String']['output'];
  /** SKIPPED: there is nothing that it could be asked of. */
  readonly outcome: StepOutcome;
  /** A decision code, whose test this is; or COMBINATION: what a source gives in the end. */
  readonly rule: Scalars['String']['output'];
  /** Null: it is asked of all that the customer has. */
  readonly source: Maybe<EntitlementSource>;
};

export type Feature = {
  readonly key: Scalars['ID']['output'];
  /** LAST_KNOWN: how old what is known may be. */
  readonly lastKnownFor: Maybe<Scalars['Duration']['output']>;
  readonly name: Scalars['String']['output'];
  readonly type: FeatureType;
  readonly unit: Maybe<Scalars['String']['output']>;
  readonly whenUnknown: WhenUnknown;
};

export type FeatureQuantity = {
  readonly feature: Scalars['String']['output'];
  readonly quantity: Scalars['Quantity']['output'];
};

export type FeatureQuantityInput = {
  readonly feature: Scalars['String']['input'];
  readonly quantity: Scalars['Quantity']['input'];
};

/** LIMIT is a level that goes up and down (projects); METERED counts up in a window or spends credits. */
export type FeatureType =
  | 'BOOLEAN'
  | 'CONFIG'
  | 'LIMIT'
  | 'METERED'
  | 'SEATS';

/** Window null for LIMIT features and credits. */
export type FeatureUsage = {
  readonly feature: Scalars['String']['output'];
  /** Newest first. */
  readonly history: ReadonlyArray<UsageBucket>;
  readonly limit: Maybe<Scalars['Quantity']['output']>;
  readonly remaining: Maybe<Scalars['Quantity']['output']>;
  readonly reserved: Scalars['Quantity']['output'];
  /** Carried over from earlier windows, part of `limit`. */
  readonly rolledOver: Scalars['Quantity']['output'];
  readonly unlimited: Scalars['Boolean']['output'];
  readonly used: Scalars['Quantity']['output'];
  readonly windowEnd: Maybe<Scalars['DateTime']['output']>;
  readonly windowStart: Maybe<Scalars['DateTime']['output']>;
};


/** Window null for LIMIT features and credits. */
export type FeatureUsageHistoryArgs = {
  first?: Scalars['Int']['input'];
};

export type Grant = {
  readonly customerId: Scalars['ID']['output'];
  readonly effect: GrantEffect;
  readonly expiresAt: Maybe<Scalars['DateTime']['output']>;
  readonly feature: Scalars['String']['output'];
  readonly grantedBy: Actor;
  readonly id: Scalars['ID']['output'];
  readonly reason: Scalars['String']['output'];
  readonly startsAt: Scalars['DateTime']['output'];
  readonly status: GrantStatus;
  /** Units or `unlimited`, a value of a CONFIG feature, `true` for a BOOLEAN one; null for BLOCK. */
  readonly value: Maybe<Scalars['JSON']['output']>;
};

export type GrantConnection = {
  readonly edges: ReadonlyArray<GrantEdge>;
  readonly pageInfo: PageInfo;
};

export type GrantEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: Grant;
};

/** ADD: allows, adds units, or offers a value. REPLACE: stands instead of what is bought. BLOCK: denies, whatever else there is. */
export type GrantEffect =
  | 'ADD'
  | 'BLOCK'
  | 'REPLACE';

export type GrantInput = {
  readonly customerId: Scalars['ID']['input'];
  readonly effect?: GrantEffect;
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  readonly feature: Scalars['String']['input'];
  readonly idempotencyKey: Scalars['String']['input'];
  readonly reason: Scalars['String']['input'];
  readonly startsAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** None for BLOCK. */
  readonly value?: InputMaybe<Scalars['JSON']['input']>;
};

export type GrantResult = {
  readonly grant: Grant;
  readonly revision: Scalars['Revision']['output'];
};

export type GrantStatus =
  | 'ACTIVE'
  | 'EXPIRED'
  | 'PENDING'
  | 'REJECTED'
  | 'REVOKED'
  | 'SCHEDULED';

/** `budgets`: units that the machine may spend. `memberId`: borrows that member's seat. `request`: the file that an air-gapped machine made, instead of fingerprint. */
export type IssueLicenseFileInput = {
  readonly budgets?: InputMaybe<ReadonlyArray<FeatureQuantityInput>>;
  /** 1 to 255 characters. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly licenseId: Scalars['ID']['input'];
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  readonly request?: InputMaybe<Scalars['String']['input']>;
  /** Of which feature the seat is; goes with `memberId`. */
  readonly seatFeature?: InputMaybe<Scalars['String']['input']>;
  /** A second to 366 days; ends with the licence at the latest. */
  readonly validFor: Scalars['Duration']['input'];
};

export type IssueLicenseInput = {
  readonly customerId: Scalars['ID']['input'];
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly machineLimit?: InputMaybe<Scalars['Int']['input']>;
  readonly maintenanceUntil?: InputMaybe<Scalars['DateTime']['input']>;
  readonly plan: Scalars['String']['input'];
  readonly quantities?: InputMaybe<ReadonlyArray<FeatureQuantityInput>>;
  readonly startsAt?: InputMaybe<Scalars['DateTime']['input']>;
};

export type JobStatus =
  | 'CANCELED'
  | 'FAILED'
  | 'QUEUED'
  | 'RUNNING'
  | 'SUCCEEDED';

export type LeaseQuotaInput = {
  readonly context?: InputMaybe<Scalars['JSONObject']['input']>;
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  /** The machine that spends, where the licence is bound to machines. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  /** The person who spends, where the feature needs a seat. */
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  /** The most that is wanted. */
  readonly quantity: Scalars['Quantity']['input'];
  /** At most a year. */
  readonly ttl: Scalars['Duration']['input'];
};

export type LeaseSeatInput = {
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  /** The machine asking, where the licence is bound to machines. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly memberId: Scalars['ID']['input'];
  /** The feature's, where left out. */
  readonly ttl?: InputMaybe<Scalars['Duration']['input']>;
};

export type License = {
  readonly customer: Customer;
  readonly expiresAt: Maybe<Scalars['DateTime']['output']>;
  readonly graceEndsAt: Maybe<Scalars['DateTime']['output']>;
  readonly id: Scalars['ID']['output'];
  /** First characters of the key; the key itself is shown once, when issued or rotated. */
  readonly keyHint: Scalars['String']['output'];
  /** Null where it is not bound to machines. */
  readonly machineLimit: Maybe<Scalars['Int']['output']>;
  readonly machines: MachineConnection;
  readonly maintenanceUntil: Maybe<Scalars['DateTime']['output']>;
  readonly model: LicenseModel;
  readonly plan: Plan;
  readonly planVersion: PlanVersion;
  readonly quantities: ReadonlyArray<FeatureQuantity>;
  readonly startsAt: Scalars['DateTime']['output'];
  readonly status: LicenseStatus;
};


export type LicenseMachinesArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  first?: Scalars['Int']['input'];
};

export type LicenseConnection = {
  readonly edges: ReadonlyArray<LicenseEdge>;
  readonly pageInfo: PageInfo;
  readonly totalCount: Maybe<Scalars['Int']['output']>;
};

export type LicenseEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: License;
};

/** A licence for a machine that never sees the network. Counts against the licence's cap until it expires or is settled. */
export type LicenseFile = {
  /** Never after the end of the licence, its grace included. */
  readonly expiresAt: Scalars['DateTime']['output'];
  readonly fingerprint: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  readonly issuedAt: Scalars['DateTime']['output'];
  readonly licenseId: Scalars['ID']['output'];
  /** A compact JWS (EdDSA), keys at /.well-known/jwks.json. */
  readonly token: Scalars['String']['output'];
};

export type LicenseFileResult = {
  /** About no feature: `feature` is empty, `limit`, `used` and `remaining` count the licence's files that are out. What its machines or seats refuse they say themselves. */
  readonly decision: Decision;
  /** Null where the decision denies. */
  readonly file: Maybe<LicenseFile>;
  readonly revision: Scalars['Revision']['output'];
};

/** A plan's model. */
export type LicenseModel =
  | 'PERPETUAL'
  | 'SEATS'
  | 'SUBSCRIPTION'
  | 'USAGE';

export type LicenseResult = {
  /** The full key, only when it was issued or rotated by this very call; rotate again if that answer was lost. */
  readonly key: Maybe<Scalars['String']['output']>;
  readonly license: License;
  readonly revision: Scalars['Revision']['output'];
};

/** REVOKED is final. */
export type LicenseStatus =
  | 'ACTIVE'
  | 'EXPIRED'
  | 'GRACE'
  | 'REVOKED'
  | 'SCHEDULED'
  | 'SUSPENDED';

export type LicenseValidation = {
  /** When the state was last known to be current. */
  readonly asOf: Scalars['DateTime']['output'];
  readonly code: DecisionCode;
  /** One for each feature asked for. */
  readonly decisions: ReadonlyArray<Decision>;
  readonly license: Maybe<License>;
  readonly message: Scalars['String']['output'];
  readonly stale: Scalars['Boolean']['output'];
  /** Compact JWS (EdDSA) of valid, code, licence, expiry, decisions and nonce, so that a shipped application can tell the real gateway from a fake. */
  readonly token: Scalars['String']['output'];
  readonly valid: Scalars['Boolean']['output'];
};

/** Decided by an SDK out of reach of the gateway. `id` is the SDK's own, and gives the idempotency. */
export type LocalDecisionInput = {
  readonly allowed: Scalars['Boolean']['input'];
  readonly at: Scalars['DateTime']['input'];
  readonly code: DecisionCode;
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  readonly id: Scalars['ID']['input'];
  /** What `check` takes: `quantity`, `memberId`, `context`, `productVersion`, `fingerprint`. */
  readonly input: Scalars['JSONObject']['input'];
  readonly release: Scalars['Int']['input'];
  readonly revision: Scalars['Revision']['input'];
};

export type Machine = {
  readonly activatedAt: Scalars['DateTime']['output'];
  /** Keyed hashes of the parts (board, disk, …) for licences that match on several. */
  readonly components: ReadonlyArray<Scalars['String']['output']>;
  readonly fingerprint: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  /** Where machines take turns. */
  readonly inUseUntil: Maybe<Scalars['DateTime']['output']>;
  readonly lastSeenAt: Maybe<Scalars['DateTime']['output']>;
  readonly name: Maybe<Scalars['String']['output']>;
};

export type MachineConnection = {
  readonly edges: ReadonlyArray<MachineEdge>;
  readonly pageInfo: PageInfo;
  readonly totalCount: Maybe<Scalars['Int']['output']>;
};

export type MachineEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: Machine;
};

/** One of machineId and fingerprint. */
export type MachineInput = {
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly licenseId: Scalars['ID']['input'];
  readonly machineId?: InputMaybe<Scalars['ID']['input']>;
};

export type MachineResult = {
  /** About no feature: `feature` is empty, `limit`, `used` and `remaining` count the licence's machines. Of a licence that is not there `customerId` is empty, too. */
  readonly decision: Decision;
  /** As it is then, or was when it was deactivated; null: it is not activated. */
  readonly machine: Maybe<Machine>;
  readonly revision: Scalars['Revision']['output'];
};

export type MigratePlanInput = {
  readonly at?: InputMaybe<Scalars['DateTime']['input']>;
  /** For these alone; all customers where left out. */
  readonly customerIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Counts and lists problems as the migration would, and moves nobody. */
  readonly dryRun?: Scalars['Boolean']['input'];
  readonly idempotencyKey: Scalars['String']['input'];
  readonly plan: Scalars['String']['input'];
  readonly timing?: ChangeTiming;
  /** The same plan where left out. */
  readonly toPlan?: InputMaybe<Scalars['String']['input']>;
  /** The one that is sold now where left out. */
  readonly toVersion?: InputMaybe<Scalars['Int']['input']>;
  readonly version: Scalars['Int']['input'];
};

export type MigrationProblem = {
  readonly code: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly subscriptionId: Scalars['ID']['output'];
};

export type Mutation = {
  readonly activateMachine: MachineResult;
  readonly addCredits: CreditBlockResult;
  readonly adjustSubscription: SubscriptionResult;
  readonly assignSeat: SeatResult;
  /** What has moved stays moved. */
  readonly cancelPlanMigration: PlanMigrationResult;
  readonly cancelSubscription: SubscriptionResult;
  readonly changePlan: SubscriptionResult;
  /** Spends what was really used (at most the reservation; all of it where left out) and frees the rest. */
  readonly commitReservation: ConsumeResult;
  /** Check and spend in one step: never more than the limit, however many ask at once. */
  readonly consume: ConsumeResult;
  /** Each for itself, in order: one that fails is null, with its error at its index. */
  readonly consumeMany: ReadonlyArray<Maybe<ConsumeResult>>;
  readonly createApiKey: ApiKeyResult;
  /** A short-lived token for one customer's front end: reads and follows that customer alone. It ends with the key that asks for it at the latest. */
  readonly createCustomerToken: CustomerTokenResult;
  readonly deactivateMachine: MachineResult;
  /** One of document and yaml. With problems of severity ERROR it is BAD_USER_INPUT (`extensions.problems`) and no draft. */
  readonly draftRelease: ReleaseResult;
  readonly extendTrial: SubscriptionResult;
  readonly grantEntitlement: GrantResult;
  /** Says that the machine is in use, where machines take turns; ends by itself when not repeated in time. `ttl`: 10 minutes where it is left out, a day at most. */
  readonly heartbeatMachine: MachineResult;
  readonly issueLicense: LicenseResult;
  /** Activates the machine, too, where the licence is bound to machines. The same idempotencyKey gets the same file again. */
  readonly issueLicenseFile: LicenseFileResult;
  /** As much as there is, up to the quantity. */
  readonly leaseQuota: QuotaLeaseResult;
  /** Takes or renews a floating seat; it frees itself when not renewed in time. */
  readonly leaseSeat: SeatResult;
  readonly migratePlan: PlanMigrationResult;
  /** `resumeAt`: when it goes on by itself; left out: as it is, null: when it is resumed. */
  readonly pauseSubscription: SubscriptionResult;
  /** CONFLICT where the live release is no longer the draft's base. */
  readonly publishRelease: ReleaseResult;
  /** Usage after the fact, up to 1,000 events: each for itself, in order, whatever the limit says. */
  readonly recordUsage: RecordUsageResult;
  readonly reinstateLicense: LicenseResult;
  readonly releaseReservation: ReservationResult;
  /** Of either kind. */
  readonly releaseSeat: SeatResult;
  readonly releaseUsage: ConsumeResult;
  readonly renewLicense: LicenseResult;
  /** What an SDK has decided out of reach of the gateway, up to 1,000: each for itself, and recorded once. */
  readonly reportDecisions: ReportDecisionsResult;
  /** Billing says that payment failed (grace begins) or came in. */
  readonly reportPayment: SubscriptionResult;
  readonly reserve: ReservationResult;
  readonly resumeSubscription: SubscriptionResult;
  /** Counts what was spent of a lease and gives the rest back: until it ends, and up to a day after, while its window is open. */
  readonly returnQuota: ConsumeResult;
  readonly revokeApiKey: ApiKeyResult;
  readonly revokeGrant: GrantResult;
  readonly revokeLicense: LicenseResult;
  /**
   * Makes an earlier release live again: `to`, or the one that the live release followed.
   * Where the live release is live by a rollback, one without `to` never goes back further: for the same `reason` it is
   * taken for that rollback repeated and changes nothing, else it is CONFLICT.
   */
  readonly rollbackRelease: ReleaseResult;
  /** The old key ends at once. */
  readonly rotateLicenseKey: LicenseResult;
  /** The old key goes on verifying, and signs until `overlap` is over: a day where nothing is said, 90 days at most, whenever it begins: not `P3M`. */
  readonly rotateSigningKey: SigningKeyResult;
  /** The machine was seen again: what it spent is counted, the rest and the seat come back. May be repeated with the same `spent`. */
  readonly settleLicenseFile: LicenseFileResult;
  readonly subscribe: SubscriptionResult;
  readonly suspendLicense: LicenseResult;
  /** Takes back a cancellation that has not happened yet. */
  readonly uncancelSubscription: SubscriptionResult;
  /** Another time zone moves the customers who name none, where the catalog names none either. */
  readonly updateTenant: TenantResult;
  readonly upsertCustomer: CustomerResult;
  readonly validateLicense: LicenseValidation;
  /** What is left of the block ends. */
  readonly voidCredits: CreditBlockResult;
  /** Takes a draft, shadow or canary out. */
  readonly withdrawRelease: ReleaseResult;
  readonly withdrawScheduledChange: SubscriptionResult;
};


export type MutationActivateMachineArgs = {
  input: ActivateMachineInput;
};


export type MutationAddCreditsArgs = {
  input: AddCreditsInput;
};


export type MutationAdjustSubscriptionArgs = {
  input: AdjustSubscriptionInput;
};


export type MutationAssignSeatArgs = {
  fingerprint: InputMaybe<Scalars['String']['input']>;
  input: SeatInput;
};


export type MutationCancelPlanMigrationArgs = {
  id: Scalars['ID']['input'];
};


export type MutationCancelSubscriptionArgs = {
  input: CancelInput;
};


export type MutationChangePlanArgs = {
  input: ChangePlanInput;
};


export type MutationCommitReservationArgs = {
  quantity: InputMaybe<Scalars['Quantity']['input']>;
  reservationId: Scalars['ID']['input'];
};


export type MutationConsumeArgs = {
  input: ConsumeInput;
};


export type MutationConsumeManyArgs = {
  inputs: ReadonlyArray<ConsumeInput>;
};


export type MutationCreateApiKeyArgs = {
  input: CreateApiKeyInput;
};


export type MutationCreateCustomerTokenArgs = {
  input: CreateCustomerTokenInput;
};


export type MutationDeactivateMachineArgs = {
  input: MachineInput;
};


export type MutationDraftReleaseArgs = {
  comment: InputMaybe<Scalars['String']['input']>;
  document: InputMaybe<Scalars['JSONObject']['input']>;
  idempotencyKey: InputMaybe<Scalars['String']['input']>;
  yaml: InputMaybe<Scalars['String']['input']>;
};


export type MutationExtendTrialArgs = {
  subscriptionId: Scalars['ID']['input'];
  until: Scalars['DateTime']['input'];
};


export type MutationGrantEntitlementArgs = {
  input: GrantInput;
};


export type MutationHeartbeatMachineArgs = {
  input: MachineInput;
  ttl: InputMaybe<Scalars['Duration']['input']>;
};


export type MutationIssueLicenseArgs = {
  input: IssueLicenseInput;
};


export type MutationIssueLicenseFileArgs = {
  input: IssueLicenseFileInput;
};


export type MutationLeaseQuotaArgs = {
  input: LeaseQuotaInput;
};


export type MutationLeaseSeatArgs = {
  input: LeaseSeatInput;
};


export type MutationMigratePlanArgs = {
  input: MigratePlanInput;
};


export type MutationPauseSubscriptionArgs = {
  resumeAt: InputMaybe<Scalars['DateTime']['input']>;
  subscriptionId: Scalars['ID']['input'];
};


export type MutationPublishReleaseArgs = {
  release: Scalars['Int']['input'];
};


export type MutationRecordUsageArgs = {
  events: ReadonlyArray<UsageEventInput>;
};


export type MutationReinstateLicenseArgs = {
  licenseId: Scalars['ID']['input'];
  reason: InputMaybe<Scalars['String']['input']>;
};


export type MutationReleaseReservationArgs = {
  reservationId: Scalars['ID']['input'];
};


export type MutationReleaseSeatArgs = {
  input: SeatInput;
};


export type MutationReleaseUsageArgs = {
  input: ReleaseUsageInput;
};


export type MutationRenewLicenseArgs = {
  input: RenewLicenseInput;
};


export type MutationReportDecisionsArgs = {
  decisions: ReadonlyArray<LocalDecisionInput>;
};


export type MutationReportPaymentArgs = {
  input: ReportPaymentInput;
};


export type MutationReserveArgs = {
  input: ReserveInput;
};


export type MutationResumeSubscriptionArgs = {
  subscriptionId: Scalars['ID']['input'];
};


export type MutationReturnQuotaArgs = {
  leaseId: Scalars['ID']['input'];
  spent: Scalars['Quantity']['input'];
};


export type MutationRevokeApiKeyArgs = {
  id: Scalars['ID']['input'];
};


export type MutationRevokeGrantArgs = {
  grantId: Scalars['ID']['input'];
  reason: Scalars['String']['input'];
};


export type MutationRevokeLicenseArgs = {
  licenseId: Scalars['ID']['input'];
  reason: Scalars['String']['input'];
};


export type MutationRollbackReleaseArgs = {
  reason: Scalars['String']['input'];
  to: InputMaybe<Scalars['Int']['input']>;
};


export type MutationRotateLicenseKeyArgs = {
  idempotencyKey: Scalars['String']['input'];
  licenseId: Scalars['ID']['input'];
};


export type MutationRotateSigningKeyArgs = {
  idempotencyKey: Scalars['String']['input'];
  overlap: InputMaybe<Scalars['Duration']['input']>;
};


export type MutationSettleLicenseFileArgs = {
  input: SettleLicenseFileInput;
};


export type MutationSubscribeArgs = {
  input: SubscribeInput;
};


export type MutationSuspendLicenseArgs = {
  licenseId: Scalars['ID']['input'];
  reason: Scalars['String']['input'];
};


export type MutationUncancelSubscriptionArgs = {
  subscriptionId: Scalars['ID']['input'];
};


export type MutationUpdateTenantArgs = {
  input: UpdateTenantInput;
};


export type MutationUpsertCustomerArgs = {
  input: UpsertCustomerInput;
};


export type MutationValidateLicenseArgs = {
  input: ValidateLicenseInput;
};


export type MutationVoidCreditsArgs = {
  blockId: Scalars['ID']['input'];
  reason: Scalars['String']['input'];
};


export type MutationWithdrawReleaseArgs = {
  reason: Scalars['String']['input'];
  release: Scalars['Int']['input'];
};


export type MutationWithdrawScheduledChangeArgs = {
  subscriptionId: Scalars['ID']['input'];
};

export type PageInfo = {
  readonly endCursor: Maybe<Scalars['Cursor']['output']>;
  readonly hasNextPage: Scalars['Boolean']['output'];
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  readonly startCursor: Maybe<Scalars['Cursor']['output']>;
};

export type PaymentOutcome =
  | 'FAILED'
  | 'SUCCEEDED';

/** The plan as it is sold now. */
export type Plan = {
  readonly entitlements: ReadonlyArray<PlanEntitlement>;
  readonly family: Scalars['String']['output'];
  readonly key: Scalars['ID']['output'];
  readonly model: LicenseModel;
  readonly name: Scalars['String']['output'];
  readonly version: Scalars['Int']['output'];
};

/** `from` null: it began; `to` null: it ended. `reason` is the event's type. */
export type PlanChange = {
  readonly at: Scalars['DateTime']['output'];
  readonly cursor: Scalars['Cursor']['output'];
  readonly customerId: Scalars['ID']['output'];
  readonly from: Maybe<Scalars['String']['output']>;
  readonly reason: Scalars['String']['output'];
  readonly subscription: PlanSubscription;
  readonly to: Maybe<Scalars['String']['output']>;
};

export type PlanEntitlement = {
  readonly enforcement: Maybe<Enforcement>;
  readonly feature: Feature;
  readonly limit: Maybe<Scalars['Quantity']['output']>;
  /** How far beyond a soft limit. */
  readonly overage: Maybe<Scalars['Quantity']['output']>;
  readonly unlimited: Scalars['Boolean']['output'];
  readonly value: Maybe<Scalars['JSON']['output']>;
};

/** Moves the subscriptions of one plan version to another plan or version, in the background. */
export type PlanMigration = {
  readonly at: Maybe<Scalars['DateTime']['output']>;
  readonly createdAt: Scalars['DateTime']['output'];
  readonly createdBy: Actor;
  /** Subscriptions whose turn has been: moved, refused, or left alone because they have gone elsewhere meanwhile, or because what was asked for already was so. */
  readonly done: Scalars['Quantity']['output'];
  readonly dryRun: Scalars['Boolean']['output'];
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  readonly id: Scalars['ID']['output'];
  /** In a dry run: those that would be. */
  readonly moved: Scalars['Quantity']['output'];
  /** The plan that is left. */
  readonly plan: Scalars['String']['output'];
  /** Subscriptions that could not be moved, in the order of their turns. `after`: those that follow this subscription of the list. */
  readonly problems: ReadonlyArray<MigrationProblem>;
  readonly refused: Scalars['Quantity']['output'];
  readonly status: JobStatus;
  readonly timing: ChangeTiming;
  readonly toPlan: Scalars['String']['output'];
  /** Fixed when the migration was asked for. */
  readonly toVersion: Scalars['Int']['output'];
  /** Null until they have been listed. */
  readonly total: Maybe<Scalars['Quantity']['output']>;
  readonly version: Scalars['Int']['output'];
};


/** Moves the subscriptions of one plan version to another plan or version, in the background. */
export type PlanMigrationProblemsArgs = {
  after: InputMaybe<Scalars['ID']['input']>;
  first?: Scalars['Int']['input'];
};

export type PlanMigrationConnection = {
  readonly edges: ReadonlyArray<PlanMigrationEdge>;
  readonly pageInfo: PageInfo;
};

export type PlanMigrationEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: PlanMigration;
};

export type PlanMigrationResult = {
  readonly migration: PlanMigration;
  readonly revision: Scalars['Revision']['output'];
};

export type PlanSubscription = {
  readonly addOns: ReadonlyArray<SubscriptionAddOn>;
  readonly cancelAt: Maybe<Scalars['DateTime']['output']>;
  readonly currentPeriodEnd: Maybe<Scalars['DateTime']['output']>;
  readonly currentPeriodStart: Scalars['DateTime']['output'];
  readonly customer: Customer;
  readonly endedAt: Maybe<Scalars['DateTime']['output']>;
  readonly graceEndsAt: Maybe<Scalars['DateTime']['output']>;
  readonly id: Scalars['ID']['output'];
  readonly pausedAt: Maybe<Scalars['DateTime']['output']>;
  readonly plan: Plan;
  /** What it was sold as; decides until it is moved. */
  readonly planVersion: PlanVersion;
  /** Units bought of features that the plan sells by number. */
  readonly quantities: ReadonlyArray<FeatureQuantity>;
  readonly resumesAt: Maybe<Scalars['DateTime']['output']>;
  readonly scheduledChange: Maybe<ScheduledChange>;
  readonly startedAt: Scalars['DateTime']['output'];
  readonly status: SubscriptionStatus;
  readonly trialEndsAt: Maybe<Scalars['DateTime']['output']>;
};

/** The plan as it was bought. The number rises by one with each release that changes the plan. */
export type PlanVersion = {
  readonly entitlements: ReadonlyArray<PlanEntitlement>;
  readonly plan: Plan;
  readonly version: Scalars['Int']['output'];
};

export type ProblemSeverity =
  | 'ERROR'
  | 'WARNING';

export type Query = {
  readonly apiKeys: ApiKeyConnection;
  /** The live release. */
  readonly catalog: CatalogRelease;
  readonly catalogRelease: Maybe<CatalogRelease>;
  /** Newest first. */
  readonly catalogReleases: ReleaseConnection;
  readonly check: Decision;
  /** Answered in order; one release for all, one state for each customer. */
  readonly checkMany: ReadonlyArray<Decision>;
  readonly customer: Maybe<Customer>;
  /** `search`: beginning of id or name. */
  readonly customers: CustomerConnection;
  /** Newest first. */
  readonly decisions: DecisionRecordConnection;
  readonly entitlements: EntitlementSet;
  readonly events: EventConnection;
  readonly explain: Explanation;
  readonly features: ReadonlyArray<Feature>;
  readonly license: Maybe<License>;
  readonly planMigration: Maybe<PlanMigration>;
  /** Newest first. */
  readonly planMigrations: PlanMigrationConnection;
  readonly plans: ReadonlyArray<Plan>;
  /** Dry run: what this document (one of the two) would change, and whether its scenarios pass. Writes nothing. */
  readonly previewCatalog: CatalogPreview;
  /** Licences that are suspended or were revoked, and files that were settled before their end. Of two the one that was issued later counts. */
  readonly revocationList: SignedRevocationList;
  /** Newest first, 100 at most. */
  readonly signingKeys: ReadonlyArray<SigningKey>;
  /** As far as the caller may see the customer: a token of a member names no other member, a licence key gets its licence alone. */
  readonly snapshot: SignedSnapshot;
  readonly subscription: Maybe<PlanSubscription>;
  readonly tenant: Tenant;
};


export type QueryApiKeysArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  first?: Scalars['Int']['input'];
  revoked?: Scalars['Boolean']['input'];
};


export type QueryCatalogReleaseArgs = {
  number: Scalars['Int']['input'];
};


export type QueryCatalogReleasesArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  first?: Scalars['Int']['input'];
  status: InputMaybe<ReleaseStatus>;
};


export type QueryCheckArgs = {
  input: CheckInput;
};


export type QueryCheckManyArgs = {
  inputs: ReadonlyArray<CheckInput>;
};


export type QueryCustomerArgs = {
  id: Scalars['ID']['input'];
};


export type QueryCustomersArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  first?: Scalars['Int']['input'];
  search: InputMaybe<Scalars['String']['input']>;
};


export type QueryDecisionsArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  allowed: InputMaybe<Scalars['Boolean']['input']>;
  code: InputMaybe<DecisionCode>;
  customerId: InputMaybe<Scalars['ID']['input']>;
  feature: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  id: InputMaybe<Scalars['ID']['input']>;
  since: InputMaybe<Scalars['DateTime']['input']>;
  until: InputMaybe<Scalars['DateTime']['input']>;
};


export type QueryEntitlementsArgs = {
  atLeast: InputMaybe<Scalars['Revision']['input']>;
  customerId: Scalars['ID']['input'];
};


export type QueryEventsArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  customerId: InputMaybe<Scalars['ID']['input']>;
  first?: Scalars['Int']['input'];
  since: InputMaybe<Scalars['DateTime']['input']>;
  types: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  until: InputMaybe<Scalars['DateTime']['input']>;
};


export type QueryExplainArgs = {
  at: InputMaybe<Scalars['DateTime']['input']>;
  input: CheckInput;
};


export type QueryLicenseArgs = {
  id: Scalars['ID']['input'];
};


export type QueryPlanMigrationArgs = {
  id: Scalars['ID']['input'];
};


export type QueryPlanMigrationsArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  first?: Scalars['Int']['input'];
};


export type QueryPreviewCatalogArgs = {
  document: InputMaybe<Scalars['JSONObject']['input']>;
  yaml: InputMaybe<Scalars['String']['input']>;
};


export type QuerySnapshotArgs = {
  customerId: Scalars['ID']['input'];
};


export type QuerySubscriptionArgs = {
  id: Scalars['ID']['input'];
};

/** A block of units handed to one caller to spend without asking again; settled as spent when it expires. */
export type QuotaLease = {
  readonly customerId: Scalars['ID']['output'];
  /** Never after the window's end. */
  readonly expiresAt: Scalars['DateTime']['output'];
  readonly feature: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  /** May be less than asked for. */
  readonly quantity: Scalars['Quantity']['output'];
  readonly revision: Scalars['Revision']['output'];
};

export type QuotaLeaseResult = {
  readonly decision: Decision;
  readonly lease: Maybe<QuotaLease>;
  readonly revision: Scalars['Revision']['output'];
};

export type RecordUsageResult = {
  readonly accepted: Scalars['Int']['output'];
  readonly duplicates: Scalars['Int']['output'];
  readonly rejected: ReadonlyArray<RejectedItem>;
  readonly revision: Scalars['Revision']['output'];
};

export type RejectedItem = {
  readonly code: Scalars['String']['output'];
  readonly field: Maybe<Scalars['String']['output']>;
  readonly index: Scalars['Int']['output'];
  readonly message: Scalars['String']['output'];
};

export type ReleaseConnection = {
  readonly edges: ReadonlyArray<ReleaseEdge>;
  readonly pageInfo: PageInfo;
};

export type ReleaseEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: CatalogRelease;
};

export type ReleaseResult = {
  readonly preview: CatalogPreview;
  readonly release: CatalogRelease;
  readonly revision: Scalars['Revision']['output'];
};

/** RETIRED: was live. REJECTED: withdrawn, or sent back by its guard. */
export type ReleaseStatus =
  | 'CANARY'
  | 'DRAFT'
  | 'LIVE'
  | 'REJECTED'
  | 'RETIRED'
  | 'SHADOW';

/** Lowers the level of a LIMIT feature, never below 0. */
export type ReleaseUsageInput = {
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  readonly idempotencyKey: Scalars['String']['input'];
  readonly quantity?: Scalars['Quantity']['input'];
};

/** A change that would turn the denial into a yes: a plan, an add-on, a free seat, a reset to wait for. */
export type Remedy = {
  readonly addOn: Maybe<Scalars['String']['output']>;
  /** When it would be allowed; null: at once. */
  readonly availableAt: Maybe<Scalars['DateTime']['output']>;
  /** Of which there would have to be more. */
  readonly feature: Maybe<Scalars['String']['output']>;
  readonly kind: RemedyKind;
  readonly message: Scalars['String']['output'];
  readonly plan: Maybe<Scalars['String']['output']>;
  /** Of the add-on, in all. */
  readonly quantity: Maybe<Scalars['Quantity']['output']>;
  /** The subscription to change; null: it changes none, or makes a new one. */
  readonly subscriptionId: Maybe<Scalars['ID']['output']>;
};

export type RemedyKind =
  | 'ACTIVATE_MACHINE'
  | 'ADD_CREDITS'
  | 'ADD_ON'
  | 'ASSIGN_SEAT'
  | 'BUY_QUANTITY'
  | 'CHANGE_PLAN'
  | 'FREE_SEAT'
  | 'LIFT_BLOCK'
  | 'PAY'
  | 'REINSTATE'
  | 'RENEW'
  | 'RESUME'
  | 'SUPPLY_FACT'
  | 'WAIT';

/** By the plan's period, or maintenance, from the present end, where no time is given. Quantities or a machineLimit without a time change just these, and renew nothing. */
export type RenewLicenseInput = {
  readonly expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly licenseId: Scalars['ID']['input'];
  readonly machineLimit?: InputMaybe<Scalars['Int']['input']>;
  readonly maintenanceUntil?: InputMaybe<Scalars['DateTime']['input']>;
  readonly quantities?: InputMaybe<ReadonlyArray<FeatureQuantityInput>>;
};

export type ReportDecisionsResult = {
  readonly accepted: Scalars['Int']['output'];
  readonly duplicates: Scalars['Int']['output'];
  readonly rejected: ReadonlyArray<RejectedItem>;
};

/** `at`: when billing saw it; an outcome older than the last one reported changes nothing. */
export type ReportPaymentInput = {
  readonly at?: InputMaybe<Scalars['DateTime']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  readonly outcome: PaymentOutcome;
  readonly subscriptionId: Scalars['ID']['input'];
};

export type Reservation = {
  readonly customerId: Scalars['ID']['output'];
  readonly expiresAt: Scalars['DateTime']['output'];
  readonly feature: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  readonly quantity: Scalars['Quantity']['output'];
};

export type ReservationResult = {
  readonly decision: Decision;
  readonly reservation: Maybe<Reservation>;
  readonly revision: Scalars['Revision']['output'];
};

export type ReserveInput = {
  readonly context?: InputMaybe<Scalars['JSONObject']['input']>;
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  /** The machine that reserves, where the licence is bound to machines. */
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly idempotencyKey: Scalars['String']['input'];
  /** The person who reserves, where the feature needs a seat. */
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  readonly quantity?: Scalars['Quantity']['input'];
  /** At most a day. */
  readonly ttl: Scalars['Duration']['input'];
};

export type Role =
  | 'ADMIN'
  | 'OPERATOR'
  | 'READER'
  | 'SERVICE';

export type ScenarioResult = {
  readonly actual: Scalars['JSON']['output'];
  readonly expected: Scalars['JSON']['output'];
  readonly name: Scalars['String']['output'];
  readonly passed: Scalars['Boolean']['output'];
};

export type ScheduledChange = {
  /** Those that there will be; null: as they are when the time comes. */
  readonly addOns: Maybe<ReadonlyArray<SubscriptionAddOn>>;
  readonly at: Scalars['DateTime']['output'];
  readonly plan: Scalars['String']['output'];
  /** Like `addOns`. */
  readonly quantities: Maybe<ReadonlyArray<FeatureQuantity>>;
};

/** Held in the customer's one pool for the feature, whatever sold it. */
export type Seat = {
  readonly assignedAt: Scalars['DateTime']['output'];
  readonly customerId: Scalars['ID']['output'];
  readonly feature: Scalars['String']['output'];
  readonly id: Scalars['ID']['output'];
  readonly kind: SeatKind;
  readonly leaseExpiresAt: Maybe<Scalars['DateTime']['output']>;
  readonly memberId: Scalars['ID']['output'];
};

export type SeatConnection = {
  readonly edges: ReadonlyArray<SeatEdge>;
  readonly pageInfo: PageInfo;
  readonly totalCount: Maybe<Scalars['Int']['output']>;
};

export type SeatEdge = {
  readonly cursor: Scalars['Cursor']['output'];
  readonly node: Seat;
};

export type SeatInput = {
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  readonly memberId: Scalars['ID']['input'];
};

export type SeatKind =
  | 'FLOATING'
  | 'NAMED';

export type SeatResult = {
  readonly decision: Decision;
  readonly revision: Scalars['Revision']['output'];
  readonly seat: Maybe<Seat>;
};

export type SettleLicenseFileInput = {
  readonly fileId: Scalars['ID']['input'];
  /** What is not named was not spent. */
  readonly spent: ReadonlyArray<FeatureQuantityInput>;
};

/** Signed and dated; to be carried to machines that never see the network. */
export type SignedRevocationList = {
  readonly issuedAt: Scalars['DateTime']['output'];
  /** A compact JWS (EdDSA), keys at /.well-known/jwks.json. */
  readonly token: Scalars['String']['output'];
};

/** All that is needed to decide without the gateway: a compact JWS (EdDSA), keys at /.well-known/jwks.json. Fresh until refreshAfter, stale until graceFrom, in grace until expiresAt (the token's `exp`), then worth nothing. */
export type SignedSnapshot = {
  readonly customerId: Scalars['ID']['output'];
  readonly expiresAt: Scalars['DateTime']['output'];
  readonly graceFrom: Scalars['DateTime']['output'];
  readonly refreshAfter: Scalars['DateTime']['output'];
  readonly revision: Scalars['Revision']['output'];
  readonly token: Scalars['String']['output'];
};

export type SigningKey = {
  readonly createdAt: Scalars['DateTime']['output'];
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: Scalars['ID']['output'];
  /** A JWK (RFC 8037), as in `/.well-known/jwks.json`. */
  readonly publicKey: Scalars['JSONObject']['output'];
  readonly retiresAt: Maybe<Scalars['DateTime']['output']>;
  readonly status: SigningKeyStatus;
};

export type SigningKeyResult = {
  readonly key: SigningKey;
  readonly revision: Scalars['Revision']['output'];
};

/** ACTIVE: the newest. RETIRING: another follows it; it verifies until `retiresAt`. RETIRED: nothing is to be trusted for it any more. */
export type SigningKeyStatus =
  | 'ACTIVE'
  | 'RETIRED'
  | 'RETIRING';

export type SourceKind =
  | 'ADD_ON'
  | 'CREDIT_BLOCK'
  | 'GRANT'
  | 'LICENSE'
  | 'SUBSCRIPTION';

export type StepOutcome =
  | 'FAILED'
  | 'PASSED'
  | 'SKIPPED';

/** `trial: true` gives the plan's trial unless the customer has had one in the plan's family. `startsAt` may lie ahead, or in the past for imports. */
export type SubscribeInput = {
  readonly addOns?: InputMaybe<ReadonlyArray<AddOnInput>>;
  readonly customerId: Scalars['ID']['input'];
  readonly idempotencyKey: Scalars['String']['input'];
  readonly plan: Scalars['String']['input'];
  readonly quantities?: InputMaybe<ReadonlyArray<FeatureQuantityInput>>;
  readonly startsAt?: InputMaybe<Scalars['DateTime']['input']>;
  readonly trial?: Scalars['Boolean']['input'];
};

/** `after` resumes: everything since that cursor is delivered first, in order, none missed and none twice. Without it `entitlementsChanged` begins with what is now, the others with what comes next. */
export type Subscription = {
  readonly entitlementsChanged: EntitlementsChange;
  readonly events: ChangeEvent;
  readonly planChanged: PlanChange;
};


/** `after` resumes: everything since that cursor is delivered first, in order, none missed and none twice. Without it `entitlementsChanged` begins with what is now, the others with what comes next. */
export type SubscriptionEntitlementsChangedArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  customerId: Scalars['ID']['input'];
};


/** `after` resumes: everything since that cursor is delivered first, in order, none missed and none twice. Without it `entitlementsChanged` begins with what is now, the others with what comes next. */
export type SubscriptionEventsArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  customerId: InputMaybe<Scalars['ID']['input']>;
  types: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
};


/** `after` resumes: everything since that cursor is delivered first, in order, none missed and none twice. Without it `entitlementsChanged` begins with what is now, the others with what comes next. */
export type SubscriptionPlanChangedArgs = {
  after: InputMaybe<Scalars['Cursor']['input']>;
  customerId: InputMaybe<Scalars['ID']['input']>;
};

export type SubscriptionAddOn = {
  readonly addOn: Scalars['String']['output'];
  readonly quantity: Scalars['Int']['output'];
  /** As it was bought. The number rises by one with each release that changes what the add-on gives. */
  readonly version: Scalars['Int']['output'];
};

export type SubscriptionResult = {
  readonly revision: Scalars['Revision']['output'];
  readonly subscription: PlanSubscription;
};

/** PAST_DUE is the grace period. CANCELED and EXPIRED are final. */
export type SubscriptionStatus =
  | 'ACTIVE'
  | 'CANCELED'
  | 'EXPIRED'
  | 'PAST_DUE'
  | 'PAUSED'
  | 'SCHEDULED'
  | 'TRIALING';

/** `approvalsFor`: what a second person must approve before it takes effect. */
export type Tenant = {
  readonly approvalsFor: ReadonlyArray<ApprovalSubject>;
  readonly decisionRetention: Scalars['Duration']['output'];
  readonly eventRetention: Maybe<Scalars['Duration']['output']>;
  readonly id: Scalars['ID']['output'];
  readonly name: Scalars['String']['output'];
  readonly timeZone: Scalars['String']['output'];
};

export type TenantResult = {
  readonly revision: Scalars['Revision']['output'];
  readonly tenant: Tenant;
};

/** What time alone will do to a customer, worked out by the code that will do it. `kind` is the type of the event that it will be. */
export type UpcomingChange = {
  readonly at: Scalars['DateTime']['output'];
  readonly data: Scalars['JSONObject']['output'];
  readonly kind: Scalars['String']['output'];
  readonly message: Scalars['String']['output'];
  readonly subjectId: Scalars['ID']['output'];
  readonly subjectType: Scalars['String']['output'];
};

export type UpdateTenantInput = {
  readonly decisionRetention?: InputMaybe<Scalars['Duration']['input']>;
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** IANA. */
  readonly timeZone?: InputMaybe<Scalars['String']['input']>;
};

export type UpsertCustomerInput = {
  /** Replaces all of them. */
  readonly attributes?: InputMaybe<Scalars['JSONObject']['input']>;
  readonly id: Scalars['ID']['input'];
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Null: the tenant's. */
  readonly timeZone?: InputMaybe<Scalars['String']['input']>;
};

export type UsageBucket = {
  readonly end: Scalars['DateTime']['output'];
  readonly start: Scalars['DateTime']['output'];
  readonly used: Scalars['Quantity']['output'];
};

/** After the fact, never refused for being over a limit; CloudEvents `id` and `source` give the idempotency. */
export type UsageEventInput = {
  /** When it was used; now where it is left out. */
  readonly at?: InputMaybe<Scalars['DateTime']['input']>;
  readonly customerId: Scalars['ID']['input'];
  readonly feature: Scalars['String']['input'];
  readonly id: Scalars['ID']['input'];
  readonly quantity?: Scalars['Quantity']['input'];
  readonly source?: Scalars['String']['input'];
};

/** Whether a licence key is good here and now: the one call that a shipped application makes at start. The key is its own credential; no API key is needed. */
export type ValidateLicenseInput = {
  /** Answer from a state at least this recent. */
  readonly atLeast?: InputMaybe<Scalars['Revision']['input']>;
  readonly components?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  readonly features?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  readonly fingerprint?: InputMaybe<Scalars['String']['input']>;
  readonly key: Scalars['String']['input'];
  /** The person asking, for features that are or need a seat. */
  readonly memberId?: InputMaybe<Scalars['ID']['input']>;
  readonly nonce?: InputMaybe<Scalars['String']['input']>;
  readonly productVersion?: InputMaybe<Scalars['String']['input']>;
};

/** What a caller does when no state is at hand. */
export type WhenUnknown =
  | 'CLOSED'
  | 'LAST_KNOWN'
  | 'OPEN';

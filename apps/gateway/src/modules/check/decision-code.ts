import { registerEnumType } from 'type-graphql';

/** All codes that the API promises; the domain gives some of them. */
export const DecisionCodeEnum = {
  ENTITLED: 'ENTITLED',
  ENTITLED_OVERAGE: 'ENTITLED_OVERAGE',
  ENTITLED_GRACE: 'ENTITLED_GRACE',
  ENTITLED_GRANT: 'ENTITLED_GRANT',
  ENTITLED_FALLBACK: 'ENTITLED_FALLBACK',
  DONE: 'DONE',
  UNKNOWN_CUSTOMER: 'UNKNOWN_CUSTOMER',
  UNKNOWN_FEATURE: 'UNKNOWN_FEATURE',
  UNKNOWN_LICENSE: 'UNKNOWN_LICENSE',
  NO_ACTIVE_PLAN: 'NO_ACTIVE_PLAN',
  NOT_IN_PLAN: 'NOT_IN_PLAN',
  BLOCKED: 'BLOCKED',
  DENIED_BY_RULE: 'DENIED_BY_RULE',
  CONDITION_NOT_MET: 'CONDITION_NOT_MET',
  LIMIT_EXCEEDED: 'LIMIT_EXCEEDED',
  NO_SEAT: 'NO_SEAT',
  SEAT_COOLDOWN: 'SEAT_COOLDOWN',
  NOT_ACTIVATED: 'NOT_ACTIVATED',
  MACHINE_LIMIT_EXCEEDED: 'MACHINE_LIMIT_EXCEEDED',
  DEACTIVATION_LIMIT_EXCEEDED: 'DEACTIVATION_LIMIT_EXCEEDED',
  MACHINE_IN_USE: 'MACHINE_IN_USE',
  OFFLINE_LIMIT_EXCEEDED: 'OFFLINE_LIMIT_EXCEEDED',
  NOT_STARTED: 'NOT_STARTED',
  SUBSCRIPTION_PAUSED: 'SUBSCRIPTION_PAUSED',
  SUBSCRIPTION_EXPIRED: 'SUBSCRIPTION_EXPIRED',
  LICENSE_EXPIRED: 'LICENSE_EXPIRED',
  LICENSE_SUSPENDED: 'LICENSE_SUSPENDED',
  LICENSE_REVOKED: 'LICENSE_REVOKED',
  VERSION_NOT_COVERED: 'VERSION_NOT_COVERED',
  UNAVAILABLE: 'UNAVAILABLE',
} as const;
export type DecisionCodeName = keyof typeof DecisionCodeEnum;

registerEnumType(DecisionCodeEnum, {
  name: 'DecisionCode',
  description: 'The first six allow.',
  valuesConfig: {
    ENTITLED_OVERAGE: { description: 'Allowed beyond the limit, under a soft limit or none.' },
    ENTITLED_GRACE: {
      description: "Allowed only because of a grace period after a failed payment or a licence's end.",
    },
    ENTITLED_GRANT: { description: 'Allowed only because of a grant made for this customer alone.' },
    ENTITLED_FALLBACK: { description: 'State is out of reach and the feature fails open.' },
    DONE: {
      description:
        'The command is done; there was nothing to decide (a seat, a machine or units given back).',
    },
    UNKNOWN_LICENSE: { description: 'No such licence key; never says whether it once was one.' },
    BLOCKED: { description: 'A block made for this customer alone.' },
    DENIED_BY_RULE: { description: 'A rule of the catalog says no.' },
    CONDITION_NOT_MET: { description: "A rule's condition is false, or a fact that it needs is missing." },
    NO_SEAT: { description: 'No free seat, or this member holds none.' },
    SEAT_COOLDOWN: { description: "The seat's last holder left it less than the cool-down ago." },
    NOT_ACTIVATED: { description: 'This machine is not activated on the licence.' },
    DEACTIVATION_LIMIT_EXCEEDED: { description: 'Too many deactivations in the period.' },
    MACHINE_IN_USE: { description: 'In use on as many machines at once as the licence allows.' },
    OFFLINE_LIMIT_EXCEEDED: {
      description: 'As many offline files or borrowed seats are out as the licence allows.',
    },
    NOT_STARTED: { description: 'Bought, but begins later.' },
    SUBSCRIPTION_EXPIRED: { description: 'Expired or cancelled.' },
    VERSION_NOT_COVERED: {
      description: "The perpetual licence's maintenance ended before this version was released.",
    },
    UNAVAILABLE: { description: 'State is out of reach and the feature fails closed.' },
  },
});

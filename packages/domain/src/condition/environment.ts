import { Environment } from '@marcbachmann/cel-js';
import { parseInstant } from '../time/instant.js';
import { CustomerFacts, SubscriptionFacts, UsageFacts } from './facts.js';

const TIME = 'google.protobuf.Timestamp';

/** The members of each kind of facts, with their types. docs/rules.md, "Conditions", lists them. */
export const MEMBERS = {
  Customer: {
    id: 'string',
    name: 'string',
    attributes: 'map<string, dyn>',
    timeZone: 'string',
    createdAt: TIME,
  },
  Subscription: {
    id: 'string',
    plan: 'string',
    planVersion: 'int',
    status: 'string',
    startedAt: TIME,
    trialEndsAt: TIME,
    graceEndsAt: TIME,
    cancelAt: TIME,
    addOns: 'map<string, int>',
    quantities: 'map<string, int>',
  },
  Usage: { used: 'int', reserved: 'int' },
} as const;

/**
 * `timestamp(…)` is carried out by this function: the library's own also reads texts whose meaning depends on the
 * time zone of the machine.
 */
export const STRICT_TIMESTAMP = 'timestampOf';

/** Deeper, longer and wider expressions are refused when a catalog is read. */
const limits = {
  maxAstNodes: 600,
  maxDepth: 24,
  maxListElements: 500,
  maxMapEntries: 50,
  maxCallArguments: 4,
};

/** Over everything that a customer has: there is no one subscription to speak of. */
export const catalogEnvironment = new Environment({ limits })
  .registerType('Customer', { ctor: CustomerFacts, fields: MEMBERS.Customer })
  .registerType('Subscription', { ctor: SubscriptionFacts, fields: MEMBERS.Subscription })
  .registerType('Usage', { ctor: UsageFacts, fields: MEMBERS.Usage })
  .registerVariable('customer', 'Customer')
  .registerVariable('context', 'map<string, dyn>')
  .registerVariable('usage', 'map<string, Usage>')
  .registerVariable('now', TIME)
  .registerFunction(`${STRICT_TIMESTAMP}(string): ${TIME}`, (text: string) => strictTimestamp(text));

/** For the rules of a plan, which speak of its subscription. */
export const planEnvironment = catalogEnvironment.clone().registerVariable('subscription', 'Subscription');

/** Of the same form as in the catalog. */
function strictTimestamp(text: string): Date {
  const at = parseInstant(text);
  if (at === null)
    throw new Error(`\`${text}\` is not a time; write RFC 3339 such as \`2026-01-15T12:00:00Z\``);
  return new Date(at);
}

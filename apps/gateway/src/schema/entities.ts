import {
  parseCustomerId,
  parseFeatureKey,
  parseLicenseId,
  parsePlanKey,
  parseSubscriptionId,
} from '@licet/domain';
import type { GatewayContext } from '../context.js';
import { toCustomer } from '../modules/customer/customer-types.js';
import { toFeature } from '../modules/feature/feature-type.js';
import { toLicense } from '../modules/license/license-types.js';
import { toPlan } from '../modules/plan/to-plan.js';
import { toSubscription } from '../modules/subscription/to-subscription.js';

type Reference = Readonly<Record<string, unknown>>;
type ReferenceResolver = (reference: Reference, context: GatewayContext) => Promise<object | null>;

const OF_CATALOG = 'plans and features are found from it';

/** How a router's references become objects: through the request's loaders, so that a call is one batch. */
export const REFERENCE_RESOLVERS: Readonly<Record<string, ReferenceResolver>> = {
  Customer: async (reference, { access, loaders }) => {
    const id = parseCustomerId(access.requireCustomer(textOf(reference['id'])));
    const customer = id && (await loaders.customers.load(id));
    return customer && toCustomer(customer);
  },
  PlanSubscription: async (reference, { access, loaders }) => {
    const text = textOf(reference['id']);
    const id = parseSubscriptionId(text);
    const subscription = id && (await loaders.subscriptions.load(id));
    access.requireOwner(`the subscription \`${text}\``, subscription?.customerId ?? null);
    return subscription && toSubscription(subscription);
  },
  License: async (reference, { access, loaders }) => {
    const text = textOf(reference['id']);
    const id = parseLicenseId(text);
    const stored = id && (await loaders.licenses.load(id));
    access.requireOwner(`the licence \`${text}\``, stored?.license.customerId ?? null);
    return stored && toLicense(stored.license);
  },
  Plan: async (reference, { access, states }) => {
    access.requireApiKey(OF_CATALOG);
    const release = await states.release();
    const key = parsePlanKey(textOf(reference['key']));
    const sold = key && release.planVersions.get(key);
    return sold ? toPlan(sold, release) : null;
  },
  Feature: async (reference, { access, states }) => {
    access.requireApiKey(OF_CATALOG);
    const release = await states.release();
    const key = parseFeatureKey(textOf(reference['key']));
    const feature = key && release.catalog.features.get(key);
    return feature ? toFeature(feature) : null;
  },
};

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

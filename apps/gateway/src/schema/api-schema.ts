import 'reflect-metadata';
import { createPubSub } from '@graphql-yoga/subscription';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type BuildSchemaOptions } from 'type-graphql';
import { ApiKeyResolver } from '../modules/api-key/api-key-resolver.js';
import { CatalogResolver } from '../modules/catalog/catalog-resolver.js';
import { CheckResolver } from '../modules/check/check-resolver.js';
import { CreditResolver } from '../modules/credits/credit-resolver.js';
import { CustomerResolver } from '../modules/customer/customer-resolver.js';
import { CustomerTokenResolver } from '../modules/customer-token/customer-token-resolver.js';
import { DecisionResolver } from '../modules/decision/decision-resolver.js';
import { EventResolver } from '../modules/event/event-resolver.js';
import { ExplanationResolver } from '../modules/explanation/explanation-resolver.js';
import { GrantResolver } from '../modules/grant/grant-resolver.js';
import { CustomerLicensesResolver, LicenseResolver } from '../modules/license/license-resolver.js';
import { LicenseFileResolver } from '../modules/license-file/license-file-resolver.js';
import { MachineResolver } from '../modules/machine/machine-resolver.js';
import { MigrationResolver } from '../modules/migration/migration-resolver.js';
import { ReleaseResolver } from '../modules/release/release-resolver.js';
import { SeatResolver } from '../modules/seat/seat-resolver.js';
import { SigningKeyResolver } from '../modules/signing-key/signing-key-resolver.js';
import { SnapshotResolver } from '../modules/snapshot/snapshot-resolver.js';
import { SubscriptionResolver } from '../modules/subscription/subscription-resolver.js';
import { TenantResolver } from '../modules/tenant/tenant-resolver.js';
import { UpcomingResolver } from '../modules/upcoming/upcoming-resolver.js';
import { CustomerUsageResolver, UsageResolver } from '../modules/usage/usage-resolver.js';
import { callHandlersDirectly } from './direct-handlers.js';

const RESOLVERS: BuildSchemaOptions['resolvers'] = [
  CheckResolver,
  CustomerResolver,
  SubscriptionResolver,
  LicenseResolver,
  CustomerLicensesResolver,
  LicenseFileResolver,
  MachineResolver,
  GrantResolver,
  CreditResolver,
  SeatResolver,
  MigrationResolver,
  CatalogResolver,
  ReleaseResolver,
  ExplanationResolver,
  UpcomingResolver,
  UsageResolver,
  CustomerUsageResolver,
  EventResolver,
  DecisionResolver,
  TenantResolver,
  ApiKeyResolver,
  CustomerTokenResolver,
  SigningKeyResolver,
  SnapshotResolver,
];

/** The API as clients see it, without what federation adds. */
export function buildApiSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: RESOLVERS,
    // Asked for wherever there are roles; they are compared where handlers are called, and nothing is let in here.
    authChecker: () => false,
    // Inputs are checked by their scalars and by the resolvers, which know the argument's path.
    validate: false,
    // Asked for by the library wherever there are subscriptions; each of ours has a `subscribe` of its own.
    pubSub: createPubSub(),
  });
  callHandlersDirectly(schema);
  describeSubscription(schema);
  return schema;
}

/** Root types have no class that could carry a description. */
function describeSubscription(schema: GraphQLSchema): void {
  const type = schema.getSubscriptionType();
  if (!type) throw new Error('the schema has no subscriptions');
  type.description =
    '`after` resumes: everything since that cursor is delivered first, in order, none missed and none twice. Without it `entitlementsChanged` begins with what is now, the others with what comes next.';
}

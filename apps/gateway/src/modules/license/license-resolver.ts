import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { newLicenseId, newLicenseKey } from '@licet/database';
import { parseLicenseId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import {
  boundList,
  boundText,
  parseIdempotencyKey,
  readCustomerId,
  readMemberId,
  readReason,
} from '../arguments.js';
import { type Connection, parseFirst, toConnection } from '../connection/connection-types.js';
import { CustomerType, toCustomer } from '../customer/customer-types.js';
import { readMachine } from '../machine/read-machine.js';
import { PlanType, PlanVersionType } from '../plan/plan-types.js';
import { toPlan, toPlanVersion } from '../plan/to-plan.js';
import { readPlanKey, readQuantities } from '../subscription/read-items.js';
import { executeLicense, ownLicense } from './execute-license.js';
import {
  IssueLicenseInput,
  LicenseConnectionType,
  LicenseResultType,
  LicenseType,
  RenewLicenseInput,
  toLicense,
} from './license-types.js';
import { type Asked, validate } from './validate-license.js';
import { LicenseValidationType, ValidateLicenseInput } from './validation-types.js';

@Resolver(() => LicenseType)
export class LicenseResolver {
  @Authorized('READER')
  @Query(() => LicenseType, { nullable: true })
  async license(
    @Arg('id', () => ID) text: string,
    @Ctx() { access, loaders }: GatewayContext,
  ): Promise<LicenseType | null> {
    const id = parseLicenseId(text);
    const stored = id && (await loaders.licenses.load(id));
    access.requireOwner(`the licence \`${text}\``, stored?.license.customerId ?? null);
    return stored && toLicense(stored.license);
  }

  @Authorized('OPERATOR')
  @Mutation(() => LicenseResultType)
  issueLicense(
    @Arg('input', () => IssueLicenseInput) input: IssueLicenseInput,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseResultType> {
    const customerId = context.access.requireCustomer(readCustomerId('input.customerId', input.customerId));
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const { key, known } = newLicenseKey(context.db);
    const command = {
      kind: 'issueLicense',
      licenseId: newLicenseId(),
      ...known,
      plan: readPlanKey('input.plan', input.plan),
      startsAt: input.startsAt ?? null,
      expiresAt: input.expiresAt ?? null,
      maintenanceUntil: input.maintenanceUntil ?? null,
      quantities: readQuantities('input.quantities', input.quantities) ?? new Map(),
      machineLimit: input.machineLimit ?? null,
    } as const;
    return executeLicense(context, { command, customerId, key, idempotencyKey }, 'input');
  }

  @Authorized('OPERATOR')
  @Mutation(() => LicenseResultType)
  async renewLicense(
    @Arg('input', () => RenewLicenseInput) input: RenewLicenseInput,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseResultType> {
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    refuseNulls(input);
    const command = {
      kind: 'renewLicense',
      licenseId: await ownLicense(context, 'input.licenseId', input.licenseId),
      expiresAt: input.expiresAt ?? null,
      maintenanceUntil: input.maintenanceUntil ?? null,
      quantities: readQuantities('input.quantities', input.quantities),
      ...(input.machineLimit === undefined ? {} : { machineLimit: input.machineLimit }),
    } as const;
    return executeLicense(context, { command, idempotencyKey }, 'input');
  }

  @Authorized('OPERATOR')
  @Mutation(() => LicenseResultType)
  async suspendLicense(
    @Arg('licenseId', () => ID) text: string,
    @Arg('reason', () => String) reason: string,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseResultType> {
    return changeStanding(context, 'suspendLicense', text, readReason('reason', reason));
  }

  @Authorized('OPERATOR')
  @Mutation(() => LicenseResultType)
  async reinstateLicense(
    @Arg('licenseId', () => ID) text: string,
    @Arg('reason', () => String, { nullable: true }) reason: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseResultType> {
    return changeStanding(context, 'reinstateLicense', text, boundText('reason', reason) ?? null);
  }

  @Authorized('OPERATOR')
  @Mutation(() => LicenseResultType)
  async revokeLicense(
    @Arg('licenseId', () => ID) text: string,
    @Arg('reason', () => String) reason: string,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseResultType> {
    return changeStanding(context, 'revokeLicense', text, readReason('reason', reason));
  }

  @Authorized('OPERATOR')
  @Mutation(() => LicenseResultType, { description: 'The old key ends at once.' })
  async rotateLicenseKey(
    @Arg('licenseId', () => ID) text: string,
    @Arg('idempotencyKey', () => String) keyText: string,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseResultType> {
    const idempotencyKey = parseIdempotencyKey('idempotencyKey', keyText);
    const { key, known } = newLicenseKey(context.db);
    const licenseId = await ownLicense(context, 'licenseId', text);
    const command = { kind: 'rotateLicenseKey', licenseId, ...known } as const;
    return executeLicense(context, { command, key, idempotencyKey }, '');
  }

  @Authorized('READER')
  @Mutation(() => LicenseValidationType)
  validateLicense(
    @Arg('input', () => ValidateLicenseInput) input: ValidateLicenseInput,
    @Ctx() context: GatewayContext,
  ): Promise<LicenseValidationType> {
    return validate(context, readValidation(input));
  }

  @FieldResolver(() => CustomerType)
  async customer(
    @Root() license: LicenseType,
    @Ctx() { access, loaders }: GatewayContext,
  ): Promise<CustomerType> {
    access.requireCustomerData();
    const customer = await loaders.customers.load(license.customerId);
    if (!customer) throw new Error(`licence ${license.id} has no customer`);
    return toCustomer(customer);
  }

  @FieldResolver(() => PlanType)
  async plan(@Root() license: LicenseType, @Ctx() { states }: GatewayContext): Promise<PlanType> {
    return toPlan(license.sold, license.release ?? (await states.release()));
  }

  @FieldResolver(() => PlanVersionType)
  async planVersion(
    @Root() license: LicenseType,
    @Ctx() { states }: GatewayContext,
  ): Promise<PlanVersionType> {
    return toPlanVersion(license.sold, license.release ?? (await states.release()));
  }
}

async function changeStanding(
  context: GatewayContext,
  kind: 'suspendLicense' | 'reinstateLicense' | 'revokeLicense',
  text: string,
  reason: string | null,
): Promise<LicenseResultType> {
  const licenseId = await ownLicense(context, 'licenseId', text);
  return executeLicense(context, { command: { kind, licenseId }, reason }, '');
}

function readValidation(input: ValidateLicenseInput): Asked {
  const { key, productVersion, features, nonce, memberId, atLeast } = input;
  return {
    key: boundText('input.key', key),
    productVersion: boundText('input.productVersion', productVersion) ?? null,
    machine: readMachine(input, 'input'),
    features: boundList('input.features', features) ?? [],
    memberId: memberId == null ? null : readMemberId('input.memberId', memberId),
    nonce: boundText('input.nonce', nonce) ?? null,
    atLeast: atLeast ?? null,
  };
}

@Resolver(() => CustomerType)
export class CustomerLicensesResolver {
  @FieldResolver(() => LicenseConnectionType)
  async licenses(
    @Root() customer: CustomerType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<Connection<LicenseType> & { totalCount: number }> {
    const request = { first: parseFirst(first), after: after ?? null };
    const page = granted(await loaders.licensesOf(request).load(customer.id), '');
    return { ...toConnection(page, ({ license }) => toLicense(license)), totalCount: page.total };
  }
}

/** Only `machineLimit` has something to go back to: a null that was meant to clear an end must not renew it. */
function refuseNulls(input: RenewLicenseInput): void {
  for (const field of ['expiresAt', 'maintenanceUntil', 'quantities'] as const)
    if (input[field] === null)
      throw badInput(`input.${field}`, 'null clears nothing here; leave it out, or give a value');
}

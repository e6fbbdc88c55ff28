import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Customer } from '@licet/database';
import type { CustomerId, Instant } from '@licet/domain';
import { DateTime, JsonObjectScalar, RevisionScalar, type JsonObject } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { connectionTypes } from '../connection/connection-types.js';

/** Its nested lists and checks are fields of CustomerFields. */
@Directive('@key(fields: "id")')
@ObjectType('Customer', { simpleResolvers: true })
export class CustomerType {
  @Directive(FOR_ROUTERS)
  @Field(() => ID)
  id!: CustomerId;
  @Field(() => String, { nullable: true })
  name!: string | null;
  @Field(() => JsonObjectScalar)
  attributes!: JsonObject;
  @Field(() => String, {
    description: "IANA zone in which this customer's calendar windows begin and end.",
  })
  timeZone!: string;
  @Field(() => DateTime)
  createdAt!: Instant;
}

export function toCustomer({ id, name, attributes, timeZone, createdAt }: Customer): CustomerType {
  return { id, name, attributes: { ...attributes }, timeZone, createdAt };
}

export const CustomerConnectionType = connectionTypes('Customer', CustomerType, {
  counted: true,
  description: 'totalCount is null where counting would be slow.',
});

@ObjectType('CustomerResult', { simpleResolvers: true })
export class CustomerResultType {
  @Field(() => CustomerType)
  customer!: CustomerType;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('UpsertCustomerInput')
export class UpsertCustomerInput {
  @Field(() => ID)
  id!: string;
  @Field(() => String, { nullable: true })
  name?: string | null;
  @Field(() => JsonObjectScalar, { nullable: true, description: 'Replaces all of them.' })
  attributes?: JsonObject | null;
  @Field(() => String, { nullable: true, description: "Null: the tenant's." })
  timeZone?: string | null;
}

import type { Tenant } from '@licet/database';
import type { IsoDuration } from '@licet/domain';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { Duration, RevisionScalar } from '../../scalars/index.js';

const ApprovalSubjectEnum = { GRANT: 'GRANT', RELEASE: 'RELEASE' } as const;
registerEnumType(ApprovalSubjectEnum, { name: 'ApprovalSubject' });

@ObjectType('Tenant', {
  simpleResolvers: true,
  description: '`approvalsFor`: what a second person must approve before it takes effect.',
})
export class TenantType {
  @Field(() => ID)
  id!: string;
  @Field(() => String)
  name!: string;
  @Field(() => String)
  timeZone!: string;
  @Field(() => [ApprovalSubjectEnum])
  approvalsFor!: (keyof typeof ApprovalSubjectEnum)[];
  @Field(() => Duration)
  decisionRetention!: string;
  @Field(() => Duration, { nullable: true })
  eventRetention!: string | null;
}

/** Approvals come later: nothing needs one yet. */
export function toTenant(tenant: Tenant): TenantType {
  return { ...tenant, approvalsFor: [] };
}

@ObjectType('TenantResult', { simpleResolvers: true })
export class TenantResultType {
  @Field(() => TenantType)
  tenant!: TenantType;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('UpdateTenantInput')
export class UpdateTenantInput {
  @Field(() => String, { nullable: true })
  name?: string | null;
  @Field(() => String, { nullable: true, description: 'IANA.' })
  timeZone?: string | null;
  @Field(() => Duration, { nullable: true })
  decisionRetention?: IsoDuration | null;
}

import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Duration } from '../../scalars/index.js';

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

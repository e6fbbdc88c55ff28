import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Instant, Machine } from '@licet/domain';
import { DateTime, RevisionScalar } from '../../scalars/index.js';
import { DecisionType } from '../check/decision-type.js';
import { connectionTypes } from '../connection/connection-types.js';

@ObjectType('Machine', { simpleResolvers: true })
export class MachineType {
  @Field(() => ID)
  id!: string;
  @Field(() => String)
  fingerprint!: string;
  @Field(() => [String], {
    description: 'Keyed hashes of the parts (board, disk, …) for licences that match on several.',
  })
  components!: readonly string[];
  @Field(() => String, { nullable: true })
  name!: string | null;
  @Field(() => DateTime)
  activatedAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  lastSeenAt!: Instant | null;
  @Field(() => DateTime, { nullable: true, description: 'Where machines take turns.' })
  inUseUntil!: Instant | null;
}

export const MachineConnectionType = connectionTypes('Machine', MachineType, { counted: true });

@ObjectType('MachineResult', { simpleResolvers: true })
export class MachineResultType {
  @Field(() => DecisionType, {
    description:
      "About no feature: `feature` is empty, `limit`, `used` and `remaining` count the licence's machines. Of a licence that is not there `customerId` is empty, too.",
  })
  decision!: DecisionType;
  @Field(() => MachineType, {
    nullable: true,
    description: 'As it is then, or was when it was deactivated; null: it is not activated.',
  })
  machine!: MachineType | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('ActivateMachineInput')
export class ActivateMachineInput {
  @Field(() => ID)
  licenseId!: string;
  @Field(() => String, {
    nullable: true,
    description: '1 to 255 characters. Derived from the components where it is left out.',
  })
  fingerprint?: string | null;
  @Field(() => [String], {
    nullable: true,
    description:
      '1 to 32, in any order, each of 1 to 255 characters; kept as keyed hashes alone. Left out: those that are known stay.',
  })
  components?: string[] | null;
  @Field(() => String, { nullable: true })
  name?: string | null;
}

@InputType('MachineInput', { description: 'One of machineId and fingerprint.' })
export class MachineInput {
  @Field(() => ID)
  licenseId!: string;
  @Field(() => ID, { nullable: true })
  machineId?: string | null;
  @Field(() => String, { nullable: true })
  fingerprint?: string | null;
}

export function toMachine(machine: Machine): MachineType {
  const { id, fingerprint, components, name, activatedAt, lastSeenAt, inUseUntil } = machine;
  return { id, fingerprint, components, name, activatedAt, lastSeenAt, inUseUntil };
}

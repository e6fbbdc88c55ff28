import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { CatalogChange, CatalogPreview, CatalogProblem, ScenarioResult } from '@licet/domain';
import { Json, Quantity } from '../../scalars/index.js';

const ProblemSeverityEnum = {
  ERROR: 'ERROR',
  WARNING: 'WARNING',
} as const satisfies Record<CatalogProblem['severity'], string>;
registerEnumType(ProblemSeverityEnum, { name: 'ProblemSeverity' });

const CatalogChangeKindEnum = {
  ADDED: 'ADDED',
  REMOVED: 'REMOVED',
  CHANGED: 'CHANGED',
} as const satisfies Record<CatalogChange['kind'], string>;
registerEnumType(CatalogChangeKindEnum, { name: 'CatalogChangeKind' });

@ObjectType('CatalogProblem', {
  simpleResolvers: true,
  description: '`path` is a JSON pointer; line and column where the document came as YAML.',
})
export class CatalogProblemType {
  @Field(() => String)
  path!: string;
  @Field(() => Int, { nullable: true })
  line!: number | null;
  @Field(() => Int, { nullable: true })
  column!: number | null;
  @Field(() => String)
  message!: string;
  @Field(() => ProblemSeverityEnum)
  severity!: keyof typeof ProblemSeverityEnum;
}

@ObjectType('ScenarioResult', { simpleResolvers: true })
export class ScenarioResultType {
  @Field(() => String)
  name!: string;
  @Field(() => Boolean)
  passed!: boolean;
  @Field(() => Json)
  expected!: ScenarioResult['expected'];
  @Field(() => Json)
  actual!: ScenarioResult['actual'];
}

@ObjectType('CatalogChange', { simpleResolvers: true })
export class CatalogChangeType {
  @Field(() => String)
  path!: string;
  @Field(() => CatalogChangeKindEnum)
  kind!: keyof typeof CatalogChangeKindEnum;
  @Field(() => Json, { nullable: true })
  before!: unknown;
  @Field(() => Json, { nullable: true })
  after!: unknown;
  @Field(() => Quantity)
  subscriptionsAffected!: number;
}

@ObjectType('CatalogPreview', {
  simpleResolvers: true,
  description: 'What a document would change, from the documents alone.',
})
export class CatalogPreviewType {
  @Field(() => [CatalogProblemType])
  problems!: CatalogProblemType[];
  @Field(() => [CatalogChangeType])
  changes!: CatalogChangeType[];
  @Field(() => [ScenarioResultType])
  scenarios!: ScenarioResultType[];
}

export function toPreview({ problems, changes, scenarios }: CatalogPreview): CatalogPreviewType {
  return { problems: [...problems], changes: [...changes], scenarios: [...scenarios] };
}

import { Field, ObjectType } from 'type-graphql';
import type { ReleaseChange } from '@licet/database';
import { RevisionScalar } from '../../scalars/index.js';
import { CatalogPreviewType, toPreview } from './catalog-preview-type.js';
import { CatalogReleaseType, toCatalogRelease } from './catalog-release-type.js';

@ObjectType('ReleaseResult', { simpleResolvers: true })
export class ReleaseResultType {
  @Field(() => CatalogReleaseType)
  release!: CatalogReleaseType;
  @Field(() => CatalogPreviewType)
  preview!: CatalogPreviewType;
  @Field(() => RevisionScalar)
  revision!: string;
}

export function toReleaseResult({ release, preview, revision }: ReleaseChange): ReleaseResultType {
  return { release: toCatalogRelease(release), preview: toPreview(preview), revision };
}

import { type CatalogParse, parseCatalogDocument, parseCatalogYaml } from '@licet/domain';
import { badInput } from '../../errors/api-error.js';
import type { JsonObject } from '../../scalars/index.js';

/** A catalog as it was sent, and the argument that it came in. */
export interface CatalogAsked {
  readonly field: 'document' | 'yaml';
  readonly parse: CatalogParse;
}

/** Reads the one of `document` and `yaml` that was given; BAD_USER_INPUT where both or neither were. */
export function readCatalog(
  document: JsonObject | null | undefined,
  yaml: string | null | undefined,
): CatalogAsked {
  if (document != null && yaml != null)
    throw badInput('yaml', 'give the catalog as `document` or as `yaml`, not as both');
  if (document != null) return { field: 'document', parse: parseCatalogDocument(document) };
  if (yaml != null) return { field: 'yaml', parse: parseCatalogYaml(yaml) };
  throw badInput('document', 'give the catalog, as `document` or as `yaml`');
}

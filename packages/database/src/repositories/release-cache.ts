import {
  parseCatalogDocument,
  type Catalog,
  type PlanVersion,
  type Release,
  type TenantId,
} from '@licet/domain';

/** The catalog of a stored release; it was checked before it was stored, so a problem now is a bug. */
export function catalogOf(document: unknown): Catalog {
  const parse = parseCatalogDocument(document);
  if (!parse.ok) {
    const [first] = parse.problems;
    throw new Error(`a stored catalog no longer parses: ${first?.path ?? ''} ${first?.message ?? ''}`);
  }
  return parse.catalog;
}

/** Compiled releases: catalogs by release, releases by publication. Neither ever changes, so nothing here is ever stale. */
export class ReleaseCache {
  readonly #catalogs = new Map<string, Catalog>();
  readonly #releases = new Map<string, Release>();

  catalog(tenantId: TenantId, number: number): Catalog | undefined {
    return this.#catalogs.get(`${tenantId} ${String(number)}`);
  }

  keepCatalog(tenantId: TenantId, number: number, catalog: Catalog): void {
    this.#catalogs.set(`${tenantId} ${String(number)}`, catalog);
  }

  release(tenantId: TenantId, version: number): Release | undefined {
    return this.#releases.get(`${tenantId} ${String(version)}`);
  }

  keepRelease(tenantId: TenantId, release: Release): void {
    this.#releases.set(`${tenantId} ${String(release.publication.version)}`, release);
  }
}

/** The plan of a catalog as one version of it. */
export function planVersionIn(catalog: Catalog, plan: string, version: number): PlanVersion {
  for (const candidate of catalog.plans.values()) {
    if (candidate.key === plan) return { plan: candidate, version };
  }
  throw new Error(`the release has no plan \`${plan}\``);
}

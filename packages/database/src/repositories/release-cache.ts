import {
  type AddOnVersion,
  parseCatalogDocument,
  type Catalog,
  type PlanVersion,
  type Release,
  type TenantId,
} from '@licet/domain';
import type { AddOnJson } from './add-on-versions.js';
import { Remembered } from './remembered.js';

/** The catalog of a stored release; it was checked before it was stored, so a problem now is a bug. */
export function catalogOf(document: unknown): Catalog {
  const parse = parseCatalogDocument(document);
  if (!parse.ok) {
    const [first] = parse.problems;
    throw new Error(`a stored catalog no longer parses: ${first?.path ?? ''} ${first?.message ?? ''}`);
  }
  return parse.catalog;
}

/** Catalogs are some 100 KB each, compiled. */
const MOST_KEPT = 256;
const ADD_ONS_TO_A_RELEASE = 16;

/**
 * Compiled releases: catalogs by release, releases by publication. Neither ever changes, so nothing here is ever stale.
 * What is used least is dropped; one by which kept states decide is theirs, too, and stays.
 */
export class ReleaseCache {
  readonly #catalogs: Remembered<Catalog>;
  readonly #releases: Remembered<Release>;
  readonly #addOns: Remembered<AddOnVersion>;

  constructor(most = MOST_KEPT) {
    this.#catalogs = new Remembered(most);
    this.#releases = new Remembered(most);
    this.#addOns = new Remembered(most * ADD_ONS_TO_A_RELEASE);
  }

  catalog(tenantId: TenantId, number: number): Catalog | undefined {
    return this.#catalogs.get(`${tenantId} ${String(number)}`);
  }

  keepCatalog(tenantId: TenantId, number: number, catalog: Catalog): Catalog {
    return this.#catalogs.keep(`${tenantId} ${String(number)}`, catalog);
  }

  release(tenantId: TenantId, version: number): Release | undefined {
    return this.#releases.get(`${tenantId} ${String(version)}`);
  }

  addOn(tenantId: TenantId, { addOn, version }: AddOnJson): AddOnVersion | undefined {
    return this.#addOns.get(`${tenantId} ${addOn} ${String(version)}`);
  }

  keepAddOn(tenantId: TenantId, sold: AddOnVersion): AddOnVersion {
    return this.#addOns.keep(`${tenantId} ${sold.addOn.key} ${String(sold.version)}`, sold);
  }

  keepRelease(tenantId: TenantId, release: Release): Release {
    return this.#releases.keep(`${tenantId} ${String(release.publication.version)}`, release);
  }
}

/** The plan of a catalog as one version of it. */
export function planVersionIn(catalog: Catalog, plan: string, version: number): PlanVersion {
  for (const candidate of catalog.plans.values()) {
    if (candidate.key === plan) return { plan: candidate, version };
  }
  throw new Error(`the release has no plan \`${plan}\``);
}

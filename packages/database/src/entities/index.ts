import { ApiKeyEntity } from './api-key.entity.js';
import { CatalogReleaseEntity } from './catalog-release.entity.js';
import { CustomerEntity } from './customer.entity.js';
import { TenantEntity } from './tenant.entity.js';

export const ENTITIES = [ApiKeyEntity, CatalogReleaseEntity, CustomerEntity, TenantEntity];

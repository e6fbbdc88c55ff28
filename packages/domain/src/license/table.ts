import type { Cell } from '../subscription/table.js';
import type { LicenseVerb } from './command.js';
import type { LicenseStatus } from './license.js';

/** Which command a licence of which status takes; docs/rules.md, "Licence". REVOKED is final. */
export const LICENSE_TABLE = {
  renewLicense: {
    SCHEDULED: 'applies',
    ACTIVE: 'applies',
    GRACE: 'applies',
    EXPIRED: 'applies',
    SUSPENDED: 'applies',
    REVOKED: 'refused',
  },
  suspendLicense: {
    SCHEDULED: 'applies',
    ACTIVE: 'applies',
    GRACE: 'applies',
    EXPIRED: 'applies',
    SUSPENDED: 'same',
    REVOKED: 'refused',
  },
  reinstateLicense: {
    SCHEDULED: 'same',
    ACTIVE: 'same',
    GRACE: 'same',
    EXPIRED: 'same',
    SUSPENDED: 'applies',
    REVOKED: 'refused',
  },
  revokeLicense: {
    SCHEDULED: 'applies',
    ACTIVE: 'applies',
    GRACE: 'applies',
    EXPIRED: 'applies',
    SUSPENDED: 'applies',
    REVOKED: 'same',
  },
  rotateLicenseKey: {
    SCHEDULED: 'applies',
    ACTIVE: 'applies',
    GRACE: 'applies',
    EXPIRED: 'applies',
    SUSPENDED: 'applies',
    REVOKED: 'refused',
  },
} as const satisfies Record<LicenseVerb, Record<LicenseStatus, Cell>>;

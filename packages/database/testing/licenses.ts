import { executeLicenseCommand, type LicenseResult, newLicenseId, newLicenseKey } from '@licet/database';
import type { LicenseCommand } from '@licet/domain';
import { planKeyOf } from './migrations.js';
import { createTestCustomer, type TestTenant } from './tenant.js';

type Issue = Extract<LicenseCommand, { kind: 'issueLicense' }>;
export interface IssueOfTest extends Partial<Omit<Issue, 'kind' | 'plan'>> {
  readonly idempotencyKey?: string;
}

let issued = 0;

/** Issues a licence of the plan, as the plan has it but for what is `asked`; the customer is created where it is new. */
export async function issueLicenseTo(
  tenant: Pick<TestTenant, 'db' | 'caller'>,
  customer: string,
  plan: string,
  asked: IssueOfTest = {},
): Promise<LicenseResult> {
  const { idempotencyKey = `licence ${String((issued += 1))}`, ...given } = asked;
  const { key, known } = newLicenseKey(tenant.db);
  const result = await executeLicenseCommand(tenant.db, tenant.caller, {
    command: {
      ...{ kind: 'issueLicense', licenseId: newLicenseId(), plan: planKeyOf(plan), ...known },
      ...{ startsAt: null, expiresAt: null, maintenanceUntil: null, machineLimit: null },
      quantities: new Map(),
      ...given,
    },
    customerId: await createTestCustomer(tenant, customer),
    ...{ key, idempotencyKey, reason: null },
  });
  if (!result.ok) throw new Error(result.message);
  return result;
}

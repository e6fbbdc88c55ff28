import type { CustomerAccount } from '../../customer.js';
import type { Decision, DecisionCode } from '../../decision/decision.js';
import { planSource } from '../../decision/sources.js';
import { formatInstant, type Instant } from '../../time/instant.js';
import type { License } from '../license.js';
import type { Circulation } from './circulation.js';

/** What a command on licence files answers with by itself; machines and seats have answers of their own. */
export type FileCode = Extract<
  DecisionCode,
  | 'ENTITLED'
  | 'ENTITLED_GRACE'
  | 'DONE'
  | 'LICENSE_REVOKED'
  | 'LICENSE_EXPIRED'
  | 'NOT_STARTED'
  | 'LICENSE_SUSPENDED'
  | 'OFFLINE_LIMIT_EXCEEDED'
>;

const ALLOWING: ReadonlySet<FileCode> = new Set(['ENTITLED', 'ENTITLED_GRACE', 'DONE']);

/** A decision about a licence's files. It is about no feature (`''`), and counts files. */
export function fileDecision(
  code: FileCode,
  { account, license }: { readonly account: CustomerAccount; readonly license: License },
  { limit, used }: Pick<Circulation, 'limit' | 'used'>,
  validUntil: Instant | null,
): Decision {
  return {
    allowed: ALLOWING.has(code),
    code,
    message: explainFile(code, validUntil),
    customerId: account.id,
    ...{ feature: '', value: null, unlimited: false, reserved: null, resetsAt: null },
    ...{ limit, used, remaining: limit === null ? null : Math.max(0, limit - used) },
    validUntil,
    sources: [planSource(license)],
  };
}

function explainFile(code: FileCode, until: Instant | null): string {
  const orWait = until === null ? '' : `, or wait until ${formatInstant(until)}`;
  switch (code) {
    case 'ENTITLED':
      return 'the file is issued';
    case 'ENTITLED_GRACE':
      return 'the file is issued for the grace period of the licence; renew it, and issue another one';
    case 'DONE':
      return 'the file is settled, and counts no more';
    case 'LICENSE_REVOKED':
      return 'the licence was revoked; issue another one';
    case 'LICENSE_EXPIRED':
      return 'the licence has ended; renew it';
    case 'NOT_STARTED':
      return `the licence has not begun yet${until === null ? '' : `; wait until ${formatInstant(until)}`}`;
    case 'LICENSE_SUSPENDED':
      return 'the licence is suspended; reinstate it';
    case 'OFFLINE_LIMIT_EXCEEDED':
      return `as many files are out as the licence allows; settle one of them by settleLicenseFile${orWait}`;
  }
}

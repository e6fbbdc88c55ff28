import { MOST_MACHINES } from '../../catalog/catalog.js';
import type { CustomerAccount } from '../../customer.js';
import type { Decision, DecisionCode } from '../../decision/decision.js';
import { planSource } from '../../decision/sources.js';
import { formatInstant, type Instant } from '../../time/instant.js';
import { machineLimitOf, type License } from '../license.js';
import { nextTermChange } from '../term.js';

/** What a command on machines may answer with. */
export type MachineCode = Extract<
  DecisionCode,
  | 'ENTITLED'
  | 'ENTITLED_GRACE'
  | 'DONE'
  | 'UNKNOWN_LICENSE'
  | 'LICENSE_REVOKED'
  | 'LICENSE_EXPIRED'
  | 'NOT_STARTED'
  | 'LICENSE_SUSPENDED'
  | 'NOT_ACTIVATED'
  | 'MACHINE_IN_USE'
  | 'DEACTIVATION_LIMIT_EXCEEDED'
  | 'MACHINE_LIMIT_EXCEEDED'
>;

const ALLOWING: ReadonlySet<MachineCode> = new Set(['ENTITLED', 'ENTITLED_GRACE', 'DONE']);

/** The licence, as it is after the command, and whose it is. */
interface Bound {
  readonly account: CustomerAccount;
  readonly license: License;
}

/**
 * A decision about a licence's machines. It is about no feature (`''`), and counts machines; `validUntil`: until when time
 * alone leaves it, where that is known beforehand.
 */
export function machineDecision(
  code: MachineCode,
  { account, license }: Bound,
  validUntil: Instant | null = nextTermChange(license),
): Decision {
  const limit = machineLimitOf(license);
  const used = license.machines.length + (license.unread?.activated ?? 0);
  return {
    ...about(code, validUntil, limit !== null && limit < MOST_MACHINES),
    customerId: account.id,
    limit,
    used,
    remaining: limit === null ? null : Math.max(0, limit - used),
    sources: [planSource(license)],
  };
}

/** There is no such licence: nothing else can be said. */
export function unknownLicense(): Decision {
  return { ...about('UNKNOWN_LICENSE', null, false), limit: null, used: null, remaining: null };
}

function about(
  code: MachineCode,
  validUntil: Instant | null,
  canHaveMore: boolean,
): Omit<Decision, 'limit' | 'used' | 'remaining'> {
  return {
    allowed: ALLOWING.has(code),
    code,
    message: explainMachine(code, validUntil, canHaveMore),
    ...{ customerId: '', feature: '', value: null, unlimited: false, reserved: null, resetsAt: null },
    validUntil,
    sources: [],
  };
}

/** `canHaveMore`: its `machineLimit` can be raised. */
function explainMachine(code: MachineCode, until: Instant | null, canHaveMore: boolean): string {
  const orRaise = canHaveMore ? ", or raise the licence's machineLimit by renewLicense" : '';
  const orWait = until === null ? '' : `, or wait until ${formatInstant(until)}`;
  switch (code) {
    case 'ENTITLED':
      return 'allowed';
    case 'ENTITLED_GRACE':
      return 'allowed during the grace period of the licence; it ends unless it is renewed';
    case 'DONE':
      return 'the machine is not activated any more';
    case 'UNKNOWN_LICENSE':
      return 'there is no such licence; issue one by issueLicense';
    case 'LICENSE_REVOKED':
      return 'the licence was revoked; issue another one';
    case 'LICENSE_EXPIRED':
      return 'the licence has ended; renew it';
    case 'NOT_STARTED':
      return `the licence has not begun yet${until === null ? '' : `; wait until ${formatInstant(until)}`}`;
    case 'LICENSE_SUSPENDED':
      return 'the licence is suspended; reinstate it';
    case 'NOT_ACTIVATED':
      return 'the machine is not activated on the licence; activate it by activateMachine';
    case 'MACHINE_IN_USE':
      return `the licence is in use on as many machines at once as it allows; end it on one of them${orWait}`;
    case 'DEACTIVATION_LIMIT_EXCEEDED':
      return `no machine can be deactivated any more in this period; keep them${orRaise}${orWait}`;
    case 'MACHINE_LIMIT_EXCEEDED':
      return `the licence is activated on as many machines as it allows; deactivate one of them${orRaise}`;
  }
}

import type { Units } from './combine.js';
import type { Instant } from '../time/instant.js';
import { type Counted, earliest } from './compile.js';
import type { Decision, DecisionCode } from './decision.js';
import { ALLOWED, explainDenial } from './message.js';
import type { Answer } from './kept-answers.js';

type UnitsCode = keyof typeof ALLOWED | Extract<DecisionCode, 'LIMIT_EXCEEDED'>;
interface Span {
  readonly code: UnitsCode;
  readonly least: number;
  readonly most: number;
}

/** The answer to a quantity, and from which quantity to which it is the same. */
export function answerUnits(counted: Counted, quantity: number): Answer {
  const { code, least, most } = spanOf(counted, quantity);
  const until = earliest(counted.until, counted.freesAt);
  return { decision: decisionOf(counted, code, until), least, most, from: counted.from, until };
}

/** Row 19, then the allowing codes in their order. Rooms are differences: a sum could pass 2^53 and lose units. */
function spanOf(counted: Counted, quantity: number): Span {
  const { units, used, reserved, withoutGrace, withoutGrants } = counted;
  const room = roomIn(units, counted);
  if (quantity > room) return { code: 'LIMIT_EXCEEDED', least: room + 1, most: Number.MAX_SAFE_INTEGER };
  const within = units.limit === null ? room : Math.min(room, units.limit - used - reserved);
  if (quantity > within) return { code: 'ENTITLED_OVERAGE', least: within + 1, most: room };
  const sound = Math.min(within, roomIn(withoutGrace, counted));
  if (quantity > sound) return { code: 'ENTITLED_GRACE', least: sound + 1, most: within };
  const bought = Math.min(sound, roomIn(withoutGrants, counted));
  if (quantity > bought) return { code: 'ENTITLED_GRANT', least: bought + 1, most: sound };
  return { code: 'ENTITLED', least: 0, most: bought };
}

/** How much still fits; quantity 0, which asks only whether the feature is there, where anything is given at all. */
function roomIn(units: Units | null, { used, reserved }: Counted): number {
  if (units === null) return -1;
  return units.ceiling === null ? Number.MAX_SAFE_INTEGER : Math.max(0, units.ceiling - used - reserved);
}

/** Every field is written out: a spread would cost more than all the rest. */
function decisionOf(counted: Counted, code: UnitsCode, validUntil: Instant | null): Decision {
  const { used, reserved, resetsAt } = counted;
  const { limit } = counted.units;
  const allowed = code !== 'LIMIT_EXCEEDED';
  return {
    allowed,
    code,
    limit,
    used,
    remaining: limit === null ? null : Math.max(0, limit - used - reserved),
    reserved,
    unlimited: limit === null,
    value: null,
    message: allowed
      ? ALLOWED[code]
      : explainDenial(code, counted.feature, { limit, used, reserved, resetsAt }),
    customerId: counted.customerId,
    feature: counted.feature,
    resetsAt,
    validUntil,
    sources: counted.sources,
  };
}

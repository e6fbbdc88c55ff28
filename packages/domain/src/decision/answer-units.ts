import type { Units } from './combine.js';
import type { Instant } from '../time/instant.js';
import { type Counted, earliest } from './compile.js';
import type { Decision, DecisionCode } from './decision.js';
import { ALLOWED, explainDenial } from './message.js';
import type { Answer } from './kept-answers.js';

type UnitsCode = keyof typeof ALLOWED | Extract<DecisionCode, 'NO_SEAT' | 'LIMIT_EXCEEDED'>;
interface Span {
  readonly code: UnitsCode;
  readonly least: number;
  readonly most: number;
  /** Whether it would fit if nothing were used: then waiting, or freeing some, may help. */
  readonly fitsAlone: boolean;
}

/** The answer to a quantity, and from which quantity to which it is the same. */
export function answerUnits(counted: Counted, quantity: number): Answer {
  const span = spanWithSeat(counted, quantity);
  const { least, most } = span;
  const until = earliest(counted.until, counted.freesAt);
  return { decision: decisionOf(counted, span, until), least, most, from: counted.from, until };
}

const MOST = Number.MAX_SAFE_INTEGER;

/** Row 18. Who holds a seat takes none on top of it, however few are free. */
function spanWithSeat(counted: Counted, quantity: number): Span {
  switch (counted.seat) {
    case 'NOT_ASKED':
      return spanOf(counted, quantity);
    case 'HELD':
      return { ...spanOf(counted, 0), least: 0, most: MOST };
    case 'POOL': {
      const span = spanOf(counted, quantity);
      return span.code === 'LIMIT_EXCEEDED' ? { ...span, code: 'NO_SEAT' } : span;
    }
    default:
      return { code: 'NO_SEAT', least: 1, most: MOST, fitsAlone: true };
  }
}

/** Row 19, then the allowing codes in their order. Rooms are differences: a sum could pass 2^53 and lose units. */
function spanOf(counted: Counted, quantity: number): Span {
  const { units, used, reserved, withoutGrace, withoutGrants } = counted;
  const room = roomIn(units, counted);
  if (quantity > room) return exceeding(units.ceiling ?? room, room, quantity);
  const within = units.limit === null ? room : Math.min(room, units.limit - used - reserved);
  if (quantity > within) return allowedFor('ENTITLED_OVERAGE', within + 1, room);
  const sound = Math.min(within, roomIn(withoutGrace, counted));
  if (quantity > sound) return allowedFor('ENTITLED_GRACE', sound + 1, within);
  const bought = Math.min(sound, roomIn(withoutGrants, counted));
  if (quantity > bought) return allowedFor('ENTITLED_GRANT', bought + 1, sound);
  return allowedFor('ENTITLED', 0, bought);
}

function allowedFor(code: keyof typeof ALLOWED, least: number, most: number): Span {
  return { code, least, most, fitsAlone: true };
}

/** More than fits now, or ever: the message says something else, so these are two spans. */
function exceeding(ceiling: number, room: number, quantity: number): Span {
  const code = 'LIMIT_EXCEEDED';
  return quantity <= ceiling
    ? { code, least: room + 1, most: ceiling, fitsAlone: true }
    : { code, least: Math.max(room, ceiling) + 1, most: Number.MAX_SAFE_INTEGER, fitsAlone: false };
}

/** How much still fits; quantity 0, which asks only whether the feature is there, where anything is given at all. */
function roomIn(units: Units | null, { used, reserved }: Counted): number {
  if (units === null) return -1;
  return units.ceiling === null ? Number.MAX_SAFE_INTEGER : Math.max(0, units.ceiling - used - reserved);
}

/** Every field is written out: a spread would cost more than all the rest. */
function decisionOf(counted: Counted, { code, fitsAlone }: Span, validUntil: Instant | null): Decision {
  const { used, reserved, resetsAt, isPrepaid, seat } = counted;
  const { limit } = counted.units;
  const allowed = code !== 'LIMIT_EXCEEDED' && code !== 'NO_SEAT';
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
      : explainDenial(code, counted.feature, { limit, used, reserved, resetsAt, isPrepaid, fitsAlone, seat }),
    customerId: counted.customerId,
    feature: counted.feature,
    resetsAt,
    validUntil,
    sources: counted.sources,
  };
}

import type { Decision } from '@licet/domain/offline';
import type { BackOff } from './back-off.js';
import { isPassing, LicetError, messageOf } from './errors.js';
import type { Gateway } from './gateway.js';
import { isRecord } from './json.js';

export interface ConsumeInput {
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  readonly memberId: string | null;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly fingerprint: string | null;
  readonly idempotencyKey: string;
}

/** What the gateway says of a spend. Times are RFC 3339, as the API gives them. */
export interface ConsumeAnswer {
  /** Units that were spent: 0 in a denial. */
  readonly consumed: number;
  /** The first answer to this key, again. */
  readonly replayed: boolean;
  /** Null in a `fallback`. */
  readonly revision: string | null;
  /** `lease`: of units taken in advance; `fallback`: nobody could be asked, and nothing was spent. */
  readonly source: 'gateway' | 'lease' | 'fallback';
  readonly decision: ToldDecision;
}

export type ToldDecision = Pick<
  Decision,
  'allowed' | 'message' | 'limit' | 'unlimited' | 'used' | 'reserved' | 'remaining'
> & { readonly code: string; readonly resetsAt: string | null };

const CONSUME = `mutation ($input: ConsumeInput!) { consume(input: $input) { consumed replayed revision
  decision { allowed code message limit unlimited used reserved remaining resetsAt } } }`;

const ATTEMPTS = 4;

/**
 * Spends at the gateway. Where no answer comes it is sent again with the same key, so that it is done once at most; where none
 * comes in the end, the LicetError carries the key.
 */
export async function consume(
  gateway: Gateway,
  input: ConsumeInput,
  backOff: BackOff,
): Promise<ConsumeAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const data = await gateway.ask(CONSUME, { input });
      if (isRecord(data) && isAnswer(data['consume'])) return { ...data['consume'], source: 'gateway' };
      throw new LicetError('UNAVAILABLE', 'the gateway gave an answer of another form');
    } catch (error) {
      const code = error instanceof LicetError ? error.code : 'UNREACHABLE';
      if (!isPassing(error) || attempt === ATTEMPTS)
        throw new LicetError(code, messageOf(error), input.idempotencyKey);
      const wait = backOff.next();
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function isAnswer(value: unknown): value is Omit<ConsumeAnswer, 'source'> {
  return isRecord(value) && typeof value['consumed'] === 'number' && isRecord(value['decision']);
}

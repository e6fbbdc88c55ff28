import type { Feature } from '../catalog/catalog.js';
import { didYouMean } from '../catalog/nearest.js';
import { badInput, type Refused } from '../subscription/refusal.js';
import { unreachable } from '../unreachable.js';
import type { GrantEffect, GrantGiven, GrantValue } from './grant.js';

/** What a grant gives, where the value fits the effect and the feature's type; else why it does not. */
export function readGiven(feature: Feature, effect: GrantEffect, value: unknown): GrantGiven | Refused {
  if (effect === 'BLOCK') {
    return value == null ? { kind: 'BLOCK' } : badInput('value', 'a BLOCK takes no value; leave it out');
  }
  const read = readValue(feature, effect, value ?? null);
  return 'ok' in read ? read : { kind: effect, value: read };
}

function readValue(feature: Feature, effect: 'ADD' | 'REPLACE', value: unknown): GrantValue | Refused {
  switch (feature.type) {
    case 'BOOLEAN':
      if (value === null || value === true) return { kind: 'ON' };
      return badInput('value', `\`${feature.key}\` is given or not; leave the value out, or write a BLOCK`);
    case 'LIMIT':
    case 'METERED':
    case 'SEATS':
      return readUnits(feature.key, effect === 'ADD' ? 1 : 0, value);
    case 'CONFIG': {
      const known = feature.values.find((one) => one === value);
      return known === undefined ? unknownValue(feature, value) : { kind: 'VALUE', value: known };
    }
    default:
      return unreachable(feature);
  }
}

function readUnits(key: string, least: number, value: unknown): GrantValue | Refused {
  if (value === 'unlimited') return { kind: 'UNITS', limit: null };
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least)
    return { kind: 'UNITS', limit: value };
  return badInput(
    'value',
    `\`${key}\` is counted; give a whole number from ${String(least)} to 2^53-1, or \`unlimited\``,
  );
}

function unknownValue({ key, values }: Extract<Feature, { type: 'CONFIG' }>, value: unknown): Refused {
  const meant = typeof value === 'string' ? didYouMean(value, values) : '';
  return badInput('value', `\`${key}\` is one of ${values.map((one) => `\`${one}\``).join(', ')}${meant}`);
}

/** The value of a grant as it was asked for; null where the effect says it all. */
export function givenValue(given: GrantGiven): number | string | true | null {
  if (given.kind === 'BLOCK') return null;
  switch (given.value.kind) {
    case 'ON':
      return true;
    case 'UNITS':
      return given.value.limit ?? 'unlimited';
    case 'VALUE':
      return given.value.value;
  }
}

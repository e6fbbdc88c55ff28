import type { Timing } from '../model/commands.js';
import type { ListsAction } from './actions/subscription-actions.js';
import { day } from './texts.js';

/** How what is asked for is written: for the API, and for people. */

export function timingInput(timing: Timing | null): object {
  if (timing === null) return {};
  return { timing: timing.kind, ...(timing.kind === 'AT' ? { at: time(timing.at) } : {}) };
}

export function timingText(timing: Timing): string {
  return timing.kind === 'AT' ? `at ${day(timing.at)}` : timing.kind === 'NOW' ? 'now' : 'at period end';
}

export function lists({ addOns, quantities }: ListsAction): object {
  return {
    ...(addOns ? { addOns: Object.entries(addOns).map(([addOn, quantity]) => ({ addOn, quantity })) } : {}),
    ...(quantities
      ? { quantities: Object.entries(quantities).map(([feature, quantity]) => ({ feature, quantity })) }
      : {}),
  };
}

export function bought({ addOns, quantities }: ListsAction): string {
  const listed = (name: string, list: object | null): string =>
    list === null ? '' : `, ${name} ${JSON.stringify(list).replaceAll('"', '')}`;
  return listed('add-ons', addOns) + listed('quantities', quantities);
}

export function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

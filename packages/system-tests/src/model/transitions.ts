import type { PlanKey } from './plans.js';

export interface TransitionSpec {
  readonly from: readonly PlanKey[];
  readonly to: readonly PlanKey[];
  readonly takesEffect: 'now' | 'periodEnd';
  readonly usage: 'carry' | 'reset' | 'prorate';
  readonly seatsAbove?: 'block' | 'refuse' | { readonly releaseNewestAfter: string };
  readonly addOnsNotOffered: 'drop' | 'refuse';
}
export const TRANSITIONS: readonly TransitionSpec[] = [
  {
    from: ['free'],
    to: ['pro', 'plus', 'enterprise'],
    takesEffect: 'now',
    usage: 'carry',
    addOnsNotOffered: 'drop',
  },
  { from: ['pro'], to: ['enterprise'], takesEffect: 'now', usage: 'prorate', addOnsNotOffered: 'drop' },
  { from: ['pro'], to: ['plus'], takesEffect: 'now', usage: 'reset', addOnsNotOffered: 'refuse' },
  {
    from: ['pro', 'plus'],
    to: ['free'],
    takesEffect: 'periodEnd',
    usage: 'reset',
    seatsAbove: { releaseNewestAfter: 'PT3H' },
    addOnsNotOffered: 'drop',
  },
  {
    from: ['plus', 'enterprise'],
    to: ['pro'],
    takesEffect: 'periodEnd',
    usage: 'prorate',
    seatsAbove: 'refuse',
    addOnsNotOffered: 'drop',
  },
  {
    from: ['enterprise'],
    to: ['free'],
    takesEffect: 'now',
    usage: 'carry',
    seatsAbove: 'refuse',
    addOnsNotOffered: 'refuse',
  },
  { from: ['basic'], to: ['max'], takesEffect: 'now', usage: 'prorate', addOnsNotOffered: 'refuse' },
  {
    from: ['max'],
    to: ['basic'],
    takesEffect: 'periodEnd',
    usage: 'carry',
    seatsAbove: { releaseNewestAfter: 'P2D' },
    addOnsNotOffered: 'drop',
  },
];

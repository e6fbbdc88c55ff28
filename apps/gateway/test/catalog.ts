/** A small catalog with one feature of each kind that matters here, seats and credits among them. */
export const CATALOG: Readonly<Record<string, unknown>> = {
  catalog: 1,
  name: 'Gateway tests',
  timeZone: 'UTC',
  features: {
    sso: { type: 'boolean', name: 'Single sign-on' },
    projects: { type: 'limit', unit: 'project' },
    'api-calls': { type: 'metered', unit: 'call', window: 'P1M', anchor: 'subscription' },
    support: { type: 'config', values: ['community', 'business', 'premium'], combine: 'order' },
    editors: { type: 'seats', kind: 'named' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    'ai-credits': { type: 'metered', unit: 'credit', prepaid: true },
  },
  plans: {
    free: {
      name: 'Free',
      family: 'cloud',
      model: 'subscription',
      entitlements: { projects: 3, 'api-calls': 10, support: 'community', editors: 1 },
    },
    boxed: {
      name: 'Boxed, for ever',
      model: 'perpetual',
      machines: { limit: 2, atOnce: 2 },
      entitlements: { sso: true, viewers: 5 },
    },
    desktop: {
      name: 'Desktop, for ever',
      model: 'perpetual',
      entitlements: { sso: true, viewers: 5 },
    },
    pro: {
      name: 'Pro',
      family: 'cloud',
      model: 'subscription',
      period: 'P1M',
      trial: { for: 'P14D', then: 'free' },
      grace: 'P7D',
      onExpiry: 'free',
      onPause: { clock: 'stops' },
      entitlements: {
        sso: true,
        projects: 50,
        'api-calls': { limit: 100, enforce: 'soft', overage: '10%' },
        support: 'business',
        editors: 10,
      },
    },
    enterprise: {
      name: 'Enterprise',
      family: 'cloud',
      model: 'subscription',
      period: 'P1Y',
      entitlements: { sso: true, projects: 'unlimited', 'api-calls': 'unlimited', support: 'premium' },
    },
    team: {
      name: 'Team',
      family: 'cloud',
      model: 'seats',
      period: 'P1M',
      entitlements: { 'api-calls': 200, editors: { bought: { atLeast: 5, atMost: 500, default: 20 } } },
    },
    metered: {
      name: 'Pay as you go',
      model: 'usage',
      period: 'P1M',
      entitlements: {
        'ai-credits': { blocks: [{ quantity: 10_000, expiresAfter: 'P1Y', given: 'everyPeriod' }] },
      },
    },
    bulk: {
      name: 'Bulk',
      model: 'usage',
      entitlements: { 'api-calls': { limit: 10_000, enforce: 'soft', overage: '0.57%' } },
    },
  },
  addOns: { 'more-calls': { name: 'More calls', with: ['pro', 'team'], entitlements: { 'api-calls': 50 } } },
  transitions: [
    { from: 'free', to: ['pro', 'enterprise'], takesEffect: 'now', usage: 'carry' },
    { from: 'pro', to: ['enterprise', 'team'], takesEffect: 'now', usage: 'carry' },
    { from: ['pro', 'enterprise'], to: 'free', takesEffect: 'periodEnd', usage: 'reset' },
  ],
};

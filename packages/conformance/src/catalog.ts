/** One feature of each kind that a flag can have. */
export const CATALOG = {
  catalog: 1,
  name: 'Conformance',
  features: {
    sso: { type: 'boolean' },
    beta: { type: 'boolean' },
    'api-calls': { type: 'metered', window: 'P1M' },
    support: { type: 'config', values: ['community', 'business'] },
    theme: { type: 'config', values: ['{"logo":"ours"}', '{"logo":"own","colours":12}'] },
    editors: { type: 'seats', kind: 'named' },
  },
  plans: {
    pro: {
      model: 'subscription',
      entitlements: {
        sso: true,
        'api-calls': 100,
        support: 'business',
        theme: '{"logo":"own","colours":12}',
        editors: 2,
      },
      rules: [{ name: 'testers', feature: 'beta', when: 'context.tester', then: 'allow' }],
    },
  },
};

const base = require('../../jest.base.cjs');

module.exports = {
  ...base,
  globalSetup: '@licet/database/testing/global-setup',
  globalTeardown: '@licet/database/testing/global-teardown',
  // Sources import each other by the name that they will be built under.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Modules of the generator that come as ESM only, beside those of the base.
  transformIgnorePatterns: [
    '/node_modules/(?!(auto-bind|@marcbachmann/cel-js|jose|temporal-polyfill|temporal-utils)/)',
  ],
};

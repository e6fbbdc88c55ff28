module.exports = {
  ...require('../../jest.base.cjs'),
  globalSetup: '@licet/database/testing/global-setup',
  globalTeardown: '@licet/database/testing/global-teardown',
};

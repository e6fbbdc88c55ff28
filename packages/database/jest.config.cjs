module.exports = {
  ...require('../../jest.base.cjs'),
  globalSetup: '<rootDir>/testing/global-setup.cjs',
  globalTeardown: '<rootDir>/testing/global-teardown.cjs',
};

/** Shared by every package: sources are compiled by swc and found through the `@licet/source` condition. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  transform: { '\\.[jt]s$': '@swc/jest' },
  // Relative imports name the `.js` that the build writes; here the `.ts` beside it is meant.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transformIgnorePatterns: [
    '/node_modules/(?!(@marcbachmann/cel-js|jose|temporal-polyfill|temporal-utils)/)',
  ],
  testEnvironmentOptions: { customExportConditions: ['@licet/source', 'node', 'require', 'default'] },
  testTimeout: 30_000,
};

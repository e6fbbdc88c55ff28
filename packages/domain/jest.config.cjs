module.exports = { ...require('../../jest.base.cjs'), setupFiles: ['<rootDir>/testing/examples.ts'] };

module.exports = {
  ...require('../../jest.base.cjs'),
  // Sources import each other by the name that they will be built under.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

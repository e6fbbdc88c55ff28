/** Loaded before the program, it makes something fail that the program has no answer to. */
const os = require('node:os');
const { syncBuiltinESMExports } = require('node:module');

os.networkInterfaces = () => {
  throw new Error('no network cards: a fault of the tests');
};
syncBuiltinESMExports();

/**
 * Runs the TypeScript sources without a build: `node -C @licet/source -r <this file> src/main.ts`.
 * Relative imports name the `.js` that the build would write; here the `.ts` beside it is meant.
 */
const Module = require('node:module');
require('@swc-node/register');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolveSource(request, parent, ...rest) {
  const fromSource = parent?.filename?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(request);
  return resolveFilename.call(this, fromSource ? `${request.slice(0, -3)}.ts` : request, parent, ...rest);
};

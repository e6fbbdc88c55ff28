import { rmSync } from 'node:fs';
import { build } from 'esbuild';

/** The domain is bundled from its sources, so that a page gets no more of it than it calls; other packages stay imports. */
const shared = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['@licet/source'],
  external: [
    'jose',
    'graphql-sse',
    'temporal-polyfill',
    '@marcbachmann/cel-js',
    'fastest-levenshtein',
    '@openfeature/*',
  ],
  outbase: 'src',
  outdir: 'dist',
  sourcemap: true,
  logLevel: 'warning',
};

rmSync('dist', { recursive: true, force: true });
await build({
  ...shared,
  entryPoints: ['src/index.ts', 'src/browser/index.ts'],
  splitting: true,
  platform: 'browser',
});
// By itself: what checks share with explanations alone would else be in every page.
await build({ ...shared, entryPoints: ['src/explanation.ts'], platform: 'browser' });
for (const side of ['server', 'web'])
  await build({ ...shared, entryPoints: [`src/openfeature/${side}.ts`], platform: 'browser' });
await build({ ...shared, entryPoints: ['src/node/index.ts'], platform: 'node' });

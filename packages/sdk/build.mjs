import { readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import dts from 'rollup-plugin-dts';

/** The domain is bundled from its sources, so that a page gets no more of it than it calls; other packages stay imports. */
const shared = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['@licet/source'],
  external: [
    '#signed-payload',
    'jose',
    'graphql-sse',
    'temporal-polyfill',
    '@marcbachmann/cel-js',
    'fastest-levenshtein',
    'react',
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
  entryPoints: ['src/index.ts', 'src/browser/index.ts', 'src/react.ts'],
  splitting: true,
  platform: 'browser',
});
// By itself: what checks share with explanations alone would else be in every page.
await build({ ...shared, entryPoints: ['src/explanation.ts'], platform: 'browser' });
for (const side of ['server', 'web'])
  await build({ ...shared, entryPoints: [`src/openfeature/${side}.ts`], platform: 'browser' });
await build({
  ...shared,
  entryPoints: ['src/node/index.ts', 'src/node/signed-payload.ts'],
  platform: 'node',
});
await build({ ...shared, entryPoints: ['src/browser/signed-payload.ts'], platform: 'browser' });

// The types bundle the domain's likewise: who installs this package has no other one of this repository.
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const sources = Object.values(exports).map((entry) => entry['@licet/source']);
const types = await rollup({
  input: Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\/|\.ts$/g, ''), source])),
  external: (id) => /^[@a-z]/.test(id) && !id.startsWith('@licet/domain'),
  plugins: [dts({ tsconfig: 'tsconfig.build.json', respectExternal: true })],
  onLog: () => {},
});
await types.write({ dir: 'dist', entryFileNames: '[name].d.ts', chunkFileNames: 'types/[name].d.ts' });
await types.close();

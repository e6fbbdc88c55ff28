import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const BUNDLE = `
import { build } from 'esbuild';
const [entry, outdir] = process.argv.slice(1);
const { metafile } = await build({ entryPoints: [entry], outdir, bundle: true, splitting: true, minify: true, format: 'esm',
  target: 'es2022', platform: 'browser', conditions: ['@licet/source'], metafile: true, logLevel: 'error' });
process.stdout.write(JSON.stringify(metafile));`;

interface Output {
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: object;
  readonly entryPoint?: string;
}

test('a page that checks gets 60 kB at most before it decides, and CEL in a chunk of its own', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'licet-page-'));
  try {
    const page = path.join(__dirname, '../testing/page.ts');
    const text = execFileSync(process.execPath, ['--input-type=module', '-e', BUNDLE, page, directory], {
      cwd: path.join(__dirname, '..'),
      encoding: 'utf8',
    });
    const { outputs }: { outputs: Record<string, Output> } = JSON.parse(text);
    const loaded = atOnce(outputs);
    const sizes = loaded.map(
      (file) => gzipSync(readFileSync(path.join(directory, path.basename(file)))).length,
    );
    const inputs = loaded.flatMap((file) => Object.keys(outputs[file]!.inputs));
    expect(inputs.filter((input) => /cel-js|zod|yaml|graphql-sse/.test(input))).toEqual([]);
    const others = Object.entries(outputs).filter(([file]) => !loaded.includes(file));
    expect(
      others.some(([, { inputs: own }]) => Object.keys(own).some((input) => input.includes('cel-js'))),
    ).toBe(true);
    expect(readdirSync(directory)).toHaveLength(Object.keys(outputs).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(60_000);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** The page's own chunk and those that it imports statically. */
function atOnce(outputs: Readonly<Record<string, Output>>): string[] {
  const first = Object.keys(outputs).find((file) => outputs[file]?.entryPoint?.endsWith('page.ts'));
  const found: string[] = [];
  const visit = (file: string): void => {
    if (found.includes(file)) return;
    found.push(file);
    for (const { path: next, kind } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement') visit(next);
  };
  if (first !== undefined) visit(first);
  return found;
}

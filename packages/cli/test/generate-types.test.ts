import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { licet } from './process.js';

const EXAMPLE = join(__dirname, '../../../apps/demo/catalog.yaml');
const folder = mkdtempSync(join(tmpdir(), 'licet-types-'));

/** What the compiler says of a page that checks this feature. */
function complaints(feature: string): string[] {
  const page = join(folder, `${feature}.ts`);
  writeFileSync(
    page,
    `import type { LicetFeatures } from './features.js';
     declare function check<Features>(feature: keyof Features & string): boolean;
     export const may: boolean = check<LicetFeatures>('${feature}');`,
  );
  const program = ts.createProgram([page], {
    ...{ noEmit: true, strict: true, types: [], module: ts.ModuleKind.Node16 },
    moduleResolution: ts.ModuleResolutionKind.Node16,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

test('a feature of the catalog compiles, and a misspelt one does not', async () => {
  const made = await licet(folder, ['generate', 'types', '--catalog', EXAMPLE, '--out', 'features.ts']);
  expect(made).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'features.ts'), 'utf8')).toContain(`readonly 'api-calls': 'METERED';`);
  expect(complaints('api-calls')).toEqual([]);
  expect(complaints('api-cals')).toEqual([expect.stringMatching(/'"api-cals"' is not assignable/)]);
});

test('a catalog that is none is told by line', async () => {
  writeFileSync(
    join(folder, 'broken.yaml'),
    'catalog: 1\nname: Broken\nfeatures:\n  sso: { type: bolean }\nplans: {}\n',
  );
  const made = await licet(folder, ['generate', 'types', '--catalog', 'broken.yaml']);
  expect(made).toMatchObject({ code: 2, stdout: '' });
  expect(made.stderr).toMatch(/broken\.yaml:4: /);
});

/** What the compiler says of a program whose client is of the catalog's features, by the SDK's own types. */
function complaintsOfClient(feature: string): string[] {
  const page = join(folder, `client-${feature}.mts`);
  const sdk = join(__dirname, '../../sdk/dist/index.js');
  writeFileSync(
    page,
    `import { createClient } from '${sdk}';
     import type { LicetFeatures } from './features.js';
     const client = createClient<keyof LicetFeatures>({ url: 'https://licet.example.com', apiKey: 'key', customerId: 'acme' });
     export const may: boolean = client.check('${feature}').allowed;
     export const spent = client.consume('${feature}', { quantity: 2 });`,
  );
  const program = ts.createProgram([page], {
    ...{ noEmit: true, strict: true, types: [], target: ts.ScriptTarget.ES2022, skipLibCheck: true },
    ...{ module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

test('a client of those features checks and spends none that is misspelt', async () => {
  const made = await licet(folder, ['generate', 'types', '--catalog', EXAMPLE, '--out', 'features.ts']);
  expect(made).toMatchObject({ code: 0 });
  expect(complaintsOfClient('api-calls')).toEqual([]);
  const misspelt = expect.stringMatching(/'"api-cals"' is not assignable/);
  expect(complaintsOfClient('api-cals')).toEqual([misspelt, misspelt]);
});

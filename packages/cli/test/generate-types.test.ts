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

test('whatever a feature is named, its key is there as it is, and nothing else is', async () => {
  // `@ts-nocheck` as a feature's name, which stands in a comment of what is made: it must silence nothing there.
  const names = [
    ...['ends */ here', '**/', '*/*/', '*\n/', 'one\ntwo\r\nthree', '*\u2028/', '/*', '// no', '*', ' '],
    ...['`tick` ${value}', `'one' "two" \\`, '@ts-nocheck', '</script>'],
  ];
  const odd = names.map((name, index) => [`n-${String(index)}-`, { name, type: 'boolean' }] as const);
  const reserved = ['constructor', 'class', 'null', 'a--b'].map((key) => [key, { type: 'boolean' }] as const);
  const features = Object.fromEntries([...odd, ...reserved]);
  // YAML takes JSON.
  writeFileSync(join(folder, 'odd.yaml'), JSON.stringify({ catalog: 1, name: 'Odd', features, plans: {} }));
  const made = await licet(folder, ['generate', 'types', '--catalog', 'odd.yaml', '--out', 'odd.ts']);
  expect(made).toMatchObject({ code: 0 });
  const program = ts.createProgram([join(folder, 'odd.ts')], { noEmit: true, strict: true, types: [] });
  expect(ts.getPreEmitDiagnostics(program)).toEqual([]);
  const [all, ...others] = program.getSourceFile(join(folder, 'odd.ts'))?.statements ?? [];
  expect(others).toEqual([]);
  const members = all !== undefined && ts.isInterfaceDeclaration(all) ? all.members : [];
  const keys = members.map(({ name }) => (name !== undefined && ts.isStringLiteral(name) ? name.text : null));
  expect(keys).toEqual(Object.keys(features).sort());
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

import { parseCatalogYaml } from '@licet/domain';
import { Failure } from '../failure.js';
import { ask, type Gateway, listIn, mustText, textIn } from '../gateway.js';
import { type Output, readText, writeText } from '../output.js';

export interface GenerateOptions {
  readonly catalog?: string;
  readonly out?: string;
}

interface NamedFeature {
  readonly key: string;
  readonly type: string;
  readonly name: string;
}

/** Writes the features of a catalog, or of the gateway's live release, as a type: a misspelt name does not compile. */
export async function generateTypes(
  { catalog, out }: GenerateOptions,
  gateway: () => Gateway,
  output: Output,
): Promise<void> {
  const features = catalog === undefined ? await featuresOf(gateway(), output) : featuresIn(catalog);
  const text = typesOf([...features].sort((one, other) => (one.key < other.key ? -1 : 1)));
  writeText(out, text, 'the types');
  const value = { ok: true, features: features.map(({ key, type }) => ({ key, type })), out: out ?? null };
  output.answer(value, out === undefined ? text : `${String(features.length)} features are in ${out}`);
}

function featuresIn(path: string): NamedFeature[] {
  const parsed = parseCatalogYaml(readText(path, 'the catalog'));
  if (parsed.ok) return [...parsed.catalog.features.values()];
  const [first] = parsed.problems;
  const line = first?.line == null ? '' : `:${String(first.line)}`;
  throw new Failure(
    'USAGE',
    `${path}${line}: ${first?.message ?? 'it is no catalog'} (\`${first?.path ?? ''}\`)`,
  );
}

async function featuresOf(gateway: Gateway, output: Output): Promise<NamedFeature[]> {
  output.progress(`asking ${gateway.url} …`);
  return listIn(await ask(gateway, '{ features { key type name } }'), 'features').map((feature) => ({
    key: mustText(feature, 'key'),
    type: mustText(feature, 'type'),
    name: textIn(feature, 'name') ?? '',
  }));
}

function typesOf(features: readonly NamedFeature[]): string {
  const fields = features.map(
    ({ key, type, name }) =>
      `  /** ${name.replaceAll('*/', '* /').replace(/\s+/g, ' ')} */\n  readonly '${key}': '${type}';`,
  );
  return [
    '// Written by `licet generate types`. Do not change it: run that again.',
    '',
    '/** Features of the catalog, by what they are. */',
    'export interface LicetFeatures {',
    ...fields,
    '}',
  ].join('\n');
}

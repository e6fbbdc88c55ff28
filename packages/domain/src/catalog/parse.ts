import { z } from 'zod';
import {
  type Document,
  isAlias,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { buildCatalog } from './build.js';
import type { Catalog } from './catalog.js';
import { catalogDocument } from './document.js';
import { type CatalogProblem, type Finding, type Path, pointer } from './problem.js';
import { findingsOf } from './zod-findings.js';

export interface ParsedCatalog {
  readonly ok: true;
  readonly catalog: Catalog;
  /** In JSON form. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Says where in the text a finding stands that only showed later. */
  readonly locate: (finding: Finding, severity: CatalogProblem['severity']) => CatalogProblem;
}

/** A catalog and the document that it was made of; or all that is wrong with it. */
export type CatalogParse =
  ParsedCatalog | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/** Reads a catalog that came as JSON. */
export function parseCatalogDocument(document: unknown): CatalogParse {
  return parsed(document, () => ({ line: null, column: null }));
}

/** Reads a catalog that came as YAML 1.2; every problem has its line and column. Aliases and merges are errors. */
export function parseCatalogYaml(text: string): CatalogParse {
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    merge: false,
    lineCounter: lines,
  });
  const problems = [...syntaxProblems(yaml, lines), ...aliasProblems(yaml, lines)];
  if (problems.length > 0) return { ok: false, problems };
  return parsed(yaml.toJS(), (path, atKey) => placeOf(yaml, lines, path, atKey));
}

/** The shape of a catalog document, for editors. */
export function catalogJsonSchema(): object {
  return z.toJSONSchema(catalogDocument, { io: 'input', unrepresentable: 'any' });
}

interface Place {
  readonly line: number | null;
  readonly column: number | null;
}

function parsed(document: unknown, place: (path: Path, atKey: boolean) => Place): CatalogParse {
  const unfit = unfitTexts(document, []);
  if (unfit.length > 0) return { ok: false, problems: unfit.map((finding) => problem(finding, place)) };
  const shape = catalogDocument.safeParse(document, { reportInput: true });
  if (!shape.success)
    return { ok: false, problems: findingsOf(shape.error).map((finding) => problem(finding, place)) };
  const { catalog, findings } = buildCatalog(shape.data);
  if (findings.length > 0) return { ok: false, problems: findings.map((finding) => problem(finding, place)) };
  return {
    ok: true,
    catalog,
    document: plainObject(document),
    locate: (finding, severity) => ({ ...problem(finding, place), severity }),
  };
}

/** Texts that no database keeps: with a NUL character, or half of a surrogate pair. */
function unfitTexts(value: unknown, path: Path): Finding[] {
  if (typeof value === 'string') {
    const message = 'a text holds a NUL character or half of a surrogate pair; take it out';
    return /\0/.test(value) || /\p{Cs}/u.test(value) ? [{ path, message, atKey: false }] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => unfitTexts(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...unfitTexts(key, [...path, key]),
    ...unfitTexts(item, [...path, key]),
  ]);
}

function problem(
  { path, message, atKey }: Finding,
  place: (path: Path, atKey: boolean) => Place,
): CatalogProblem {
  return { path: pointer(path), ...place(path, atKey), message, severity: 'ERROR' };
}

function syntaxProblems(yaml: Document, lines: LineCounter): CatalogProblem[] {
  return [...yaml.errors, ...yaml.warnings].map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const [message = error.message] = error.message.split(/ at line \d+/);
    return { path: '', line, column: col, message, severity: 'ERROR' };
  });
}

function aliasProblems(yaml: Document, lines: LineCounter): CatalogProblem[] {
  const problems: CatalogProblem[] = [];
  const report = (node: Node, message: string): void => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    problems.push({ path: '', line, column: col, message, severity: 'ERROR' });
  };
  visit(yaml, (_key, node) => {
    if (isPair(node) && isNode(node.key)) {
      const message = keyProblem(node.key);
      if (message !== null) report(node.key, message);
    }
    if (isAlias(node)) report(node, `an alias (\`*${node.source}\`) is not allowed; write it out`);
    if (isPair(node) && isScalar(node.key) && node.key.value === '<<')
      report(node.key, 'a merge (`<<`) is not allowed; write it out');
  });
  return problems;
}

/** Keys are texts: what YAML reads as a number would silently become another one (`4.10` is 4.1). */
function keyProblem(key: Node): string | null {
  if (!isScalar(key) || typeof key.value !== 'string') return 'a key must be a text; put it in quotes';
  return key.value === '__proto__' ? 'no key can be called `__proto__`' : null;
}

/** Where a path stands in the text; the nearest place around it that the text has. */
function placeOf(yaml: Document, lines: LineCounter, path: Path, atKey: boolean): Place {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = nodeAt(yaml, path.slice(0, length), atKey && length === path.length);
    if (node?.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function nodeAt(yaml: Document, path: Path, key: boolean): Node | null {
  if (!key) {
    const node: unknown = path.length === 0 ? yaml.contents : yaml.getIn(path, true);
    return isNode(node) ? node : null;
  }
  const parent: unknown = path.length === 1 ? yaml.contents : yaml.getIn(path.slice(0, -1), true);
  if (typeof parent !== 'object' || parent === null || !('items' in parent) || !Array.isArray(parent.items))
    return null;
  const last = String(path.at(-1));
  const pair: unknown = parent.items.find(
    (item: unknown) => isPair(item) && isScalar(item.key) && String(item.key.value) === last,
  );
  return isPair(pair) && isNode(pair.key) ? pair.key : null;
}

function plainObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

import { z } from 'zod';
import { buildCatalog } from './build.js';
import type { Catalog } from './catalog.js';
import { catalogDocument, standIn } from './document.js';
import {
  type CatalogProblem,
  type Finding,
  finding,
  independent,
  outside,
  type Path,
  pointer,
} from './problem.js';
import { childOf, movedFinding, readShape } from './shape.js';
import { jsonSource, type Source } from './source.js';
import { yamlSource } from './yaml-source.js';

/**
 * A catalog and the document that it was made of, in JSON form, with what may be a slip (WARNING);
 * or all that is wrong with it, as far as the broken parts allow.
 */
export type CatalogParse =
  ParsedCatalog | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

export interface ParsedCatalog {
  readonly ok: true;
  readonly catalog: Catalog;
  /** In JSON form. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly problems: readonly CatalogProblem[];
  /** Says where in the text a finding stands that only showed later. */
  readonly locate: (finding: Finding) => CatalogProblem;
}

/** Reads a catalog that came as JSON. What JSON cannot hold is a problem, never an exception. */
export function parseCatalogDocument(document: unknown): CatalogParse {
  return parsed(jsonSource(document));
}

/** Reads a catalog that came as YAML 1.2; every problem has its line and column. Aliases and merges are errors. */
export function parseCatalogYaml(text: string): CatalogParse {
  return parsed(yamlSource(text));
}

/** The shape of a catalog document, for editors. */
export function catalogJsonSchema(): object {
  return z.toJSONSchema(catalogDocument, { io: 'input', unrepresentable: 'any' });
}

function parsed(source: Source): CatalogParse {
  const broken = source.findings.flatMap(({ hides }) => hides);
  const shape = readShape(catalogDocument, source.value, { broken, standIn });
  const built = shape.value === undefined ? null : buildCatalog(shape.value);
  // A document that JSON cannot hold may have no end.
  const unfit = source.findings.length === 0 ? unfitTexts(source.value, []) : [];
  const told = [...source.findings, ...unfit, ...shape.findings];
  const meant = (built?.findings ?? []).map((one) => movedFinding(one, shape.original));
  const problems = independent([...told, ...outside(told, meant)])
    .map((one) => problemOf(one, source))
    .sort(byPlace);
  if (built === null || problems.some(({ severity }) => severity === 'ERROR')) return { ok: false, problems };
  return {
    ok: true,
    catalog: built.catalog,
    document: plainObject(source.value),
    problems,
    locate: (one) => problemOf(one, source),
  };
}

/** Texts that no database keeps: with a NUL character, or half of a surrogate pair. */
function unfitTexts(value: unknown, path: Path): Finding[] {
  if (typeof value === 'string') {
    const message = 'a text holds a NUL character or half of a surrogate pair; take it out';
    return /\0/.test(value) || /\p{Cs}/u.test(value) ? [finding(path, message)] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => unfitTexts(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...unfitTexts(key, [...path, key]),
    ...unfitTexts(item, [...path, key]),
  ]);
}

function problemOf(found: Finding, source: Source): CatalogProblem {
  const { path, message, severity, place } = found;
  const existing = upToLeaf(path, source.value);
  return { path: pointer(existing), ...(place ?? source.place(existing, found)), message, severity };
}

/** One item may be written without its list; a step into what is no list and no mapping is left out. */
function upToLeaf(path: Path, document: unknown): Path {
  if (document === undefined) return path;
  let here: unknown = document;
  const end = path.findIndex((step) => {
    if (typeof here !== 'object' || here === null) return true;
    here = childOf(here, step);
    return false;
  });
  return end < 0 ? path : path.slice(0, end);
}

function byPlace(one: CatalogProblem, other: CatalogProblem): number {
  return (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0);
}

function plainObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

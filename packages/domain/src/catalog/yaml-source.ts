import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  parseDocument,
  Parser,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { finding, type Finding, type Path, type Place, pointer } from './problem.js';
import { offsetWithin } from './scalar-offset.js';
import { DEEPEST, FORBIDDEN_KEY, type Source, TOO_DEEP } from './source.js';

/** A document that came as YAML 1.2. What its syntax leaves doubtful (aliases, merges, repeated keys, …) is told. */
export function yamlSource(text: string): Source {
  const lines = new LineCounter();
  const deep = tooDeepAt(text);
  if (deep !== null) return unreadable([finding([], TOO_DEEP, { place: deep })]);
  const yaml = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    merge: false,
    lineCounter: lines,
  });
  const reader = new YamlReader(text, lines);
  const value = reader.read(yaml.contents, []) ?? undefined;
  const syntax = [...directiveFindings(yaml, text, lines), ...syntaxFindings(yaml, lines, reader)];
  // What a parser makes of a broken text is a guess, not worth further judgement.
  if (syntax.length > 0) return unreadable([...syntax, ...reader.findings]);
  return { value, findings: reader.findings, place: (path, options) => reader.place(path, options) };
}

function unreadable(findings: readonly Finding[]): Source {
  return {
    value: undefined,
    findings: findings.map((one) => ({ ...one, hides: [[]] })),
    place: () => ({ line: 1, column: 1 }),
  };
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Where the nesting gets too deep; null: nowhere. Looked for before composing, which would exhaust the stack. */
function tooDeepAt(text: string): Place | null {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme)) continue;
    // The parser's stack has the document, and a collection with its item for each level.
    if (parser.stack.length > DEEPEST + 1) return placeAt(lines, parser.offset);
  }
  return null;
}

interface Span {
  readonly path: Path;
  readonly start: number;
  readonly end: number;
}

/** Makes plain values of YAML's nodes and keeps where they stand. */
class YamlReader {
  readonly findings: Finding[] = [];
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #values = new Map<string, number>();
  readonly #keys = new Map<string, number>();
  readonly #spans: Span[] = [];
  readonly #scalars = new Map<string, Scalar>();

  constructor(text: string, lines: LineCounter) {
    this.#text = text;
    this.#lines = lines;
  }

  read(node: unknown, path: Path): unknown {
    if (!isNode(node)) return null;
    const [start, end] = node.range ?? [0, 0];
    this.#values.set(pointer(path), start);
    this.#spans.push({ path, start, end });
    if (isMap(node)) return this.#readMap(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    if (isScalar(node)) {
      this.#scalars.set(pointer(path), node);
      return node.value;
    }
    if (isAlias(node)) {
      const message = `an alias (\`*${node.source}\`) is not allowed; write out what it stands for`;
      this.#tell(path, message, start);
    }
    return null;
  }

  #readMap(map: YAMLMap, path: Path): unknown {
    const entries = new Map<string, unknown>();
    for (const pair of map.items) {
      const start = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : (map.range?.[0] ?? 0);
      const key = textKey(pair);
      if (key === null) {
        this.#tell(path, 'a key must be a text; put it in quotes', start, []);
        continue;
      }
      const place = [...path, key];
      const problem = this.#keyProblem(key, place);
      if (problem !== null) {
        // Of two, the first is judged; what a merge would bring is not known.
        this.#tell(place, problem, start, key === '<<' ? [path] : []);
        continue;
      }
      this.#keys.set(pointer(place), start);
      this.#spans.push({
        path: place,
        start,
        end: isNode(pair.value) ? (pair.value.range?.[1] ?? start) : start,
      });
      entries.set(key, this.read(pair.value, place));
    }
    return Object.fromEntries(entries);
  }

  #keyProblem(key: string, place: Path): string | null {
    if (key === '__proto__') return FORBIDDEN_KEY;
    if (key === '<<') return 'a merge (`<<`) is not allowed; write out the keys that it brings';
    const first = this.#keys.get(pointer(place));
    if (first === undefined) return null;
    const { line } = placeAt(this.#lines, first);
    return `the key \`${key}\` stands twice, first in line ${String(line)}; keep one of them`;
  }

  #tell(path: Path, message: string, offset: number, hides: readonly Path[] = [path]): void {
    this.findings.push(finding(path, message, { hides, place: placeAt(this.#lines, offset) }));
  }

  /** Where a path stands in the text; what is not there stands where the nearest part around it does. */
  place(path: Path, { atKey, within }: Pick<Finding, 'atKey' | 'within'>): Place {
    const scalar = within === null ? undefined : this.#scalars.get(pointer(path));
    const inside = scalar && within !== null ? offsetWithin(scalar, this.#text, within) : null;
    const own = inside ?? (atKey ? this.#keys.get(pointer(path)) : undefined);
    if (own !== undefined) return placeAt(this.#lines, own);
    for (let length = path.length; length >= 0; length -= 1) {
      const start = this.#values.get(pointer(path.slice(0, length)));
      if (start !== undefined) return placeAt(this.#lines, start);
    }
    return { line: 1, column: 1 };
  }

  /** The path of the smallest part that an offset lies in. */
  pathAt(offset: number): Path {
    const around = this.#spans.filter(({ start, end }) => start <= offset && offset <= end);
    return around.reduce<Path>((deepest, { path }) => (path.length > deepest.length ? path : deepest), []);
  }
}

/** Keys are texts: what YAML reads as a number would silently become another one (`4.10` is 4.1). */
function textKey({ key }: Pair): string | null {
  return isScalar(key) && typeof key.value === 'string' ? key.value : null;
}

function directiveFindings(yaml: Document, text: string, lines: LineCounter): Finding[] {
  if (yaml.directives?.yaml.version !== '1.1') return [];
  const offset = Math.max(0, text.search(/^%YAML/m));
  const message = 'the document is read as YAML 1.2; take the line `%YAML 1.1` out';
  return [finding([], message, { place: placeAt(lines, offset) })];
}

const MOST_SYNTAX = 20;

/** One for each line, and some only: what comes later mostly follows from what came before. */
function syntaxFindings(yaml: Document, lines: LineCounter, reader: YamlReader): Finding[] {
  const byLine = new Map<number | null, Finding>();
  for (const error of [...yaml.errors, ...yaml.warnings]) {
    const [offset] = error.pos;
    const place = placeAt(lines, offset);
    if (byLine.has(place.line)) continue;
    if (byLine.size === MOST_SYNTAX) break;
    byLine.set(place.line, finding(reader.pathAt(offset), SYNTAX[error.code], { place }));
  }
  return [...byLine.values()];
}

const SYNTAX: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias is not allowed; write out what it stands for',
  BAD_ALIAS: 'an alias is not allowed; write out what it stands for, or put a text with `*` or `&` in quotes',
  BAD_COLLECTION_TYPE: 'the tag does not fit what it stands before; take the tag out',
  BAD_DIRECTIVE: 'a line with `%` is not understood; take it out',
  BAD_DQ_ESCAPE:
    'an unknown escape stands in double quotes; write `\\\\` for a backslash, or use single quotes',
  BAD_INDENT:
    'the indentation is wrong, or a bracket is not closed; indent all keys of one mapping, and all items of one list, alike',
  BAD_PROP_ORDER: 'a tag or an anchor stands in the wrong place; take it out',
  BAD_SCALAR_START: 'a text cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'two keys stand in one line; write each in its own line, or put a text with `: ` in quotes',
  BLOCK_IN_FLOW: 'inside of `{ }` and `[ ]` no indented mapping or list can stand; write it with brackets',
  DUPLICATE_KEY: 'a key stands twice; keep one of them',
  IMPOSSIBLE: 'the text is not understood here; write this line anew',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters; shorten it',
  MISSING_CHAR: 'a bracket, quote, comma, colon or space is missing here; add it',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; write `key: value` in one line',
  MULTIPLE_ANCHORS: 'two anchors stand before one value; take them out',
  MULTIPLE_DOCS: 'a second document begins here; a catalog is one document, take the rest out',
  MULTIPLE_TAGS: 'two tags stand before one value; take them out',
  NON_STRING_KEY: 'a key must be a text; put it in quotes',
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: 'a tab indents here; indent with spaces',
  TAG_RESOLVE_FAILED: 'the value does not fit its tag (`!…`); take the tag out',
  UNEXPECTED_TOKEN: 'something stands here that does not belong; take it out, or put it in quotes',
};

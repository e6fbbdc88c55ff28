/** Tokens in one document; larger inputs travel as variables. */
export const TOKENS_MAX = 10_000;
/** Bytes of one request or socket message. */
export const BODY_BYTES_MAX = 1024 * 1024;
const NESTING_MAX = 200;
const NUL = /\\u(?:0000|\{0+\})/;

const NUL_PROBLEM = 'the request holds a NUL character';
const NESTING_PROBLEM = `the request is nested deeper than ${String(NESTING_MAX)} brackets`;

/**
 * Why a document is refused before it is parsed, or null: nested deeper than this it would exhaust the parser's stack.
 * NUL characters cannot be stored.
 */
export function documentProblem(text: string): string | null {
  if (text.includes('\0') || NUL.test(text)) return NUL_PROBLEM;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x7b || code === 0x5b || code === 0x28) depth++;
    else if (code === 0x7d || code === 0x5d || code === 0x29) depth--;
    else if (code === 0x22) index = endOfString(text, index);
    else if (code === 0x23) index = endOfLine(text, index);
    if (depth > NESTING_MAX) return NESTING_PROBLEM;
  }
  return null;
}

/** Where the string that begins at `start` ends; one that does not end takes the parser no further either. */
function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    let end = text.indexOf('"""', start + 3);
    while (end !== -1 && text[end - 1] === '\\') end = text.indexOf('"""', end + 3);
    return end === -1 ? text.length : end + 2;
  }
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5c) index++;
    else if (code === 0x22 || code === 0x0a || code === 0x0d) return index;
  }
  return text.length;
}

function endOfLine(text: string, start: number): number {
  for (let index = start; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x0a || code === 0x0d) return index;
  }
  return text.length;
}

export interface ValueProblem {
  /** Names of fields and positions in lists, joined by dots. */
  readonly path: string;
  readonly message: string;
}

/** Why a value that came as JSON is refused, or null: as for documents. */
export function valueProblem(value: unknown, path: readonly string[] = []): ValueProblem | null {
  if (typeof value === 'string') return value.includes('\0') ? problemAt(path, NUL_PROBLEM) : null;
  if (typeof value !== 'object' || value === null) return null;
  if (path.length === NESTING_MAX) return problemAt([], NESTING_PROBLEM);
  for (const [key, inner] of Object.entries(value)) {
    if (key.includes('\0')) return problemAt(path, NUL_PROBLEM);
    if (typeof inner !== 'string' && typeof inner !== 'object') continue;
    const problem = valueProblem(inner, [...path, key]);
    if (problem !== null) return problem;
  }
  return null;
}

function problemAt(path: readonly string[], message: string): ValueProblem {
  return { path: path.join('.'), message };
}

/** Escapes, behind which anything may stand, and names that reach for prototypes. */
const SUSPECT = /\\u|__proto__|constructor/;

/**
 * Whether a JSON text can hold nothing that is refused, its document aside, by a look that costs next to nothing. False
 * says nothing: only then is a closer look needed.
 */
export function isPlainJson(text: string): boolean {
  return !SUSPECT.test(text) && (text.length <= 2 * NESTING_MAX || openBrackets(text) <= NESTING_MAX);
}

function openBrackets(text: string): number {
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) count++;
  }
  return count;
}

/** An operation as it came over any way: its document and variables are looked at before anything reads them. */
export function operationProblem({
  query,
  variables,
  ...rest
}: Readonly<Record<string, unknown>>): ValueProblem | null {
  const ofDocument = typeof query === 'string' ? documentProblem(query) : null;
  if (ofDocument !== null) return problemAt(['query'], ofDocument);
  return valueProblem(variables) ?? valueProblem(rest);
}

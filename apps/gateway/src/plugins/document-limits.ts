/** Tokens in one document; larger inputs travel as variables. */
export const TOKENS_MAX = 10_000;
/** Bytes of one request or socket message. */
export const BODY_BYTES_MAX = 1024 * 1024;
const NESTING_MAX = 200;
const NUL = /\\u(?:0000|\{0+\})/;

/**
 * Why a text is refused before it is parsed, or null. Brackets are counted wherever they stand, in strings too: a
 * document nested deeper than this would exhaust the parser's stack. NUL characters cannot be stored.
 */
export function documentProblem(text: string): string | null {
  if (text.includes('\0') || NUL.test(text)) return 'the request holds a NUL character';
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x7b || code === 0x5b || code === 0x28) depth++;
    else if (code === 0x7d || code === 0x5d || code === 0x29) depth--;
    if (depth > NESTING_MAX) return `the request is nested deeper than ${String(NESTING_MAX)} brackets`;
  }
  return null;
}

/** A `sh` block of a document, ready to be run. */
export interface ShellBlock {
  /** As it was named to `shellBlocks`. */
  readonly file: string;
  /** Of its first line of shell, counted from 1. */
  readonly line: number;
  readonly script: string;
  /** From `<!-- not run: reason -->` before it; null: it is run. */
  readonly notRun: string | null;
  /** The `json` block right after it; null: the document shows no answer. */
  readonly answer: string | null;
}

/** What a document is made of, as far as it matters here. */
type Piece =
  | { readonly kind: 'BLOCK'; readonly language: string; readonly line: number; readonly text: string }
  | { readonly kind: 'NOT_RUN'; readonly reason: string }
  | { readonly kind: 'TEXT' };

/** Names that readers take for shell and this test would pass over. */
const OTHER_SHELLS = ['bash', 'shell', 'console', 'zsh'];

/** The `sh` blocks of a Markdown document, in order. Error for a block that is not closed, or of another shell. */
export function shellBlocks(file: string, markdown: string): ShellBlock[] {
  const pieces = piecesOf(file, markdown);
  return pieces.flatMap((piece, index): ShellBlock[] => {
    if (piece.kind !== 'BLOCK') return [];
    const { language, line, text: script } = piece;
    if (OTHER_SHELLS.includes(language)) {
      throw new Error(`${file}:${line} is a block in \`${language}\`; write \`sh\`, so that it is run`);
    }
    if (language !== 'sh') return [];
    const before = pieces[index - 1];
    const after = pieces[index + 1];
    const notRun = before?.kind === 'NOT_RUN' ? before.reason : null;
    const answer = after?.kind === 'BLOCK' && after.language === 'json' ? after.text : null;
    return [{ file, line, script, notRun, answer }];
  });
}

/** Blank lines are no pieces: what they separate counts as adjacent. */
function piecesOf(file: string, markdown: string): Piece[] {
  const lines = markdown.split('\n');
  const pieces: Piece[] = [];
  let at = 0;
  while (at < lines.length) {
    const { piece, next } = pieceAt(file, lines, at);
    if (piece !== null) pieces.push(piece);
    at = next;
  }
  return pieces;
}

function pieceAt(file: string, lines: readonly string[], at: number): { piece: Piece | null; next: number } {
  const line = lines[at] ?? '';
  const language = /^```(\w*)/.exec(line)?.[1];
  if (language !== undefined) {
    const end = endOf(file, lines, at, (candidate, index) => index > at && candidate.trimEnd() === '```');
    const text = lines.slice(at + 1, end).join('\n');
    return { piece: { kind: 'BLOCK', language, line: at + 2, text }, next: end + 1 };
  }
  if (!line.startsWith('<!--')) return { piece: line.trim() === '' ? null : { kind: 'TEXT' }, next: at + 1 };
  const end = endOf(file, lines, at, (candidate) => candidate.includes('-->'));
  const comment = lines.slice(at, end + 1).join(' ');
  const reason = /^<!--\s*not run:\s*(\S.*?)\s*-->$/.exec(comment.trim())?.[1];
  return { piece: reason === undefined ? { kind: 'TEXT' } : { kind: 'NOT_RUN', reason }, next: end + 1 };
}

function endOf(
  file: string,
  lines: readonly string[],
  from: number,
  ends: (line: string, index: number) => boolean,
): number {
  const end = lines.findIndex((line, index) => index >= from && ends(line, index));
  if (end === -1) throw new Error(`${file}:${from + 1} begins a block or comment that is not closed`);
  return end;
}

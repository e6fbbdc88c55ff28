import type { Scalar } from 'yaml';

/**
 * Where a character of a text value stands in the document; null where that cannot be told, as after an escape.
 * Folding and indentation move white space alone, so that the other characters are found in their order.
 */
export function offsetWithin(
  { value, range, type }: Scalar,
  document: string,
  within: number,
): number | null {
  if (typeof value !== 'string' || range == null) return null;
  const [start, end] = range;
  const isBlock = type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL';
  let at = isBlock ? document.indexOf('\n', start) + 1 : start + (type?.startsWith('QUOTE') ? 1 : 0);
  for (let index = 0; index <= within && index < value.length; index += 1) {
    if (isSpace(value[index])) continue;
    while (isSpace(document[at])) at += 1;
    if (at >= end || document[at] !== value[index]) return null;
    if (index === within) return at;
    at += 1;
  }
  return at <= end ? at : null;
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}

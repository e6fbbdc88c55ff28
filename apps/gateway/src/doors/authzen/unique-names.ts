/**
 * The first member name that stands twice in one object of a JSON text (RFC 7493, 2.3), or null. Of two members with one name
 * others may take the first for what counts, and we the last. The text must be JSON.
 */
export function repeatedName(text: string): string | null {
  /** Names seen in the objects that are open; null: a list. */
  const open: (Set<string> | null)[] = [];
  /** The next string, if it comes at once, is a member's name. */
  let atName = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') {
      const end = endOfString(text, index);
      const names = open.at(-1);
      if (atName && names) {
        const name: unknown = JSON.parse(text.slice(index, end + 1));
        if (names.has(String(name))) return String(name);
        names.add(String(name));
      }
      atName = false;
      index = end;
    } else if (character === '{' || character === '[') {
      atName = character === '{';
      open.push(atName ? new Set() : null);
    } else if (character === '}' || character === ']') open.pop();
    else if (character === ',') atName = open.at(-1) != null;
  }
  return null;
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '"') return index;
  }
  return text.length;
}

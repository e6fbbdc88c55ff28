/** Array parameters as PostgreSQL reads them: written here, because the driver takes several times as long. */
export function numberArray(numbers: readonly (number | null)[]): string {
  return `{${numbers.map((number) => number ?? 'null').join(',')}}`;
}

export function textArray(texts: readonly string[]): string {
  let last = '';
  let element = quoted(last);
  // What comes often comes in a row.
  const elements = texts.map((text) => {
    if (text !== last) {
      last = text;
      element = quoted(text);
    }
    return element;
  });
  return arrayOf(elements);
}

/** Of elements that are quoted already. */
export function arrayOf(elements: readonly string[]): string {
  return `{${elements.join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

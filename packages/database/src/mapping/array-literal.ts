/** Array parameters as PostgreSQL reads them: written here, because the driver takes several times as long. */
export function numberArray(numbers: readonly (number | null)[]): string {
  return plainArray(numbers);
}

export function booleanArray(booleans: readonly boolean[]): string {
  return plainArray(booleans);
}

export function textArray(texts: readonly (string | null)[]): string {
  let last: string | null = null;
  let element = 'null';
  // What comes often comes in a row.
  const elements = texts.map((text) => {
    if (text !== last) {
      last = text;
      element = text === null ? 'null' : quoted(text);
    }
    return element;
  });
  return arrayOf(elements);
}

/** Of elements that are quoted already, or need no quotes. */
export function arrayOf(elements: readonly string[]): string {
  return `{${elements.join(',')}}`;
}

function plainArray(values: readonly (number | boolean | null)[]): string {
  return arrayOf(values.map((value) => (value === null ? 'null' : String(value))));
}

function quoted(text: string): string {
  const escaped = text.includes('"') || text.includes('\\') ? text.replace(/["\\]/g, '\\$&') : text;
  return `"${escaped}"`;
}

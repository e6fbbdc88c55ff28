/** Array parameters as PostgreSQL reads them: written here, because the driver takes several times as long. */
export function numberArray(numbers: readonly (number | null)[]): string {
  return `{${numbers.map((number) => number ?? 'null').join(',')}}`;
}

export function textArray(texts: readonly string[]): string {
  return `{${texts.map(quoted).join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

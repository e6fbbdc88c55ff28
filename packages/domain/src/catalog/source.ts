import { finding, type Finding, type Path, type Place } from './problem.js';

/** A document as it came: its value in JSON form, what is wrong before its meaning is looked at, and where its parts stand. */
export interface Source {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  readonly place: (path: Path, options: Pick<Finding, 'atKey' | 'within'>) => Place;
}

/** Deeper nesting makes no sense in the language, and would exhaust the stack. */
export const DEEPEST = 64;

/** A document that came as JSON; what JSON cannot say (functions, cycles, …) is told. */
export function jsonSource(given: unknown): Source {
  const findings: Finding[] = [];
  findNonJson(given, [], [], new WeakSet(), findings);
  return { value: given, findings, place: () => ({ line: null, column: null }) };
}

function findNonJson(
  value: unknown,
  path: Path,
  around: readonly object[],
  seen: WeakSet<object>,
  findings: Finding[],
): void {
  const problem = nonJson(value, path, around);
  if (problem !== null) {
    findings.push(finding(path, problem, { hides: [path] }));
    return;
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const [key, part] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const place = [...path, key];
    if (key === '__proto__') findings.push(finding(place, FORBIDDEN_KEY, { atKey: true, hides: [place] }));
    // A key without a value is as good as left out.
    else if (part !== undefined || typeof key === 'number')
      findNonJson(part, place, [...around, value], seen, findings);
  }
}

export const FORBIDDEN_KEY = 'no key can be called `__proto__`; choose another name';
export const TOO_DEEP = `nested more than ${String(DEEPEST)} levels deep; the language needs far fewer, flatten it`;

const REMEDY = 'leave it out, or write a text, a number, `true`, `false`, a list or a mapping';

function nonJson(value: unknown, path: Path, around: readonly object[]): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value)
        ? null
        : `\`${String(value)}\` is no number that JSON can hold; ${REMEDY}`;
    case 'object':
      if (value === null) return null;
      if (around.includes(value)) return `this part contains itself; ${REMEDY}`;
      if (path.length > DEEPEST) return TOO_DEEP;
      return isPlain(value) ? null : `an object of a class stands here, which JSON cannot hold; ${REMEDY}`;
    case 'undefined':
      return path.length === 0 ? null : `nothing stands here; ${REMEDY}`;
    default:
      return `a ${typeof value} stands here, which JSON cannot hold; ${REMEDY}`;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Plain objects of another realm have a prototype of their own, whose prototype is null.
  return (
    Array.isArray(value) ||
    prototype === null ||
    (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null)
  );
}

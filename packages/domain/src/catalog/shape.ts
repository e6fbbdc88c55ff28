import type { z } from 'zod';
import { nearest } from './nearest.js';
import { plainWords, suggestion } from './plain-words.js';
import { finding, type Finding, type Path, pointer } from './problem.js';

/** What a schema made of a value. */
export interface Reading<T> {
  /** What was left when the broken parts were taken out; undefined where nothing was. */
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
  /** Where a path into `value` stands in what was given: list items move up when one before them is taken out. */
  readonly original: (path: Path) => Path;
}

/** Takes the place of a required part that is broken, so that what stands around it can be read; undefined: nothing does. */
export type StandIn = (path: Path) => unknown;

/**
 * Reads a value by a schema, as far as its broken parts allow: they are told, taken out, and the rest is read again.
 * `broken`: parts that are known to be broken, and told, already.
 */
export function readShape<T>(
  schema: z.ZodType<T>,
  given: unknown,
  { broken = [], standIn = () => undefined }: { broken?: readonly Path[]; standIn?: StandIn } = {},
): Reading<T> {
  const pruning = new Pruning(standIn);
  let rest = broken.length === 0 ? given : pruning.without(given, broken);
  let findings: readonly Finding[] | null = null;
  for (;;) {
    if (rest === NOTHING) return { value: undefined, findings: findings ?? [], original: (path) => path };
    const result = schema.safeParse(rest, { reportInput: true, error: plainWords });
    const value = rest;
    if (result.success) {
      return {
        value: result.data,
        findings: findings ?? [],
        original: (path) => pruning.original(value, path),
      };
    }
    const found = findingsOf(result.error.issues, []);
    // What is found later only follows from what was taken out.
    findings ??= found.map((one) => movedFinding(one, (path) => pruning.original(value, path)));
    rest = pruning.without(
      rest,
      found.map(({ path }) => path),
    );
  }
}

/** The finding where its document is part of another one, or had parts taken out. */
export function movedFinding(one: Finding, move: (path: Path) => Path): Finding {
  return { ...one, path: move(one.path), hides: one.hides.map(move), restsOn: one.restsOn.map(move) };
}

const NOTHING = Symbol('nothing is left');

class Pruning {
  readonly #standIn: StandIn;
  readonly #stoodIn = new Set<string>();
  /** The original indexes of the items of lists that lost some. */
  readonly #kept = new WeakMap<object, readonly number[]>();

  constructor(standIn: StandIn) {
    this.#standIn = standIn;
  }

  /** A copy without the parts at these paths; where a part is missing, the whole around it goes. */
  without(value: unknown, broken: readonly Path[], at: Path = []): unknown {
    if (broken.length === 0) return value;
    if (broken.some((path) => path.length === 0)) return this.#replacement(at);
    if (Array.isArray(value)) return this.#listWithout(value, broken, at);
    if (typeof value !== 'object' || value === null) return this.#replacement(at);
    const left = new Map<string, unknown>(Object.entries(value));
    for (const [step, below] of byFirstStep(broken)) {
      const part = left.has(step)
        ? this.without(left.get(step), below, [...at, step])
        : this.#replacement([...at, step]);
      if (part !== NOTHING) left.set(step, part);
      else if (!left.delete(step)) return this.#replacement(at);
    }
    return Object.fromEntries(left);
  }

  #listWithout(list: readonly unknown[], broken: readonly Path[], at: Path): unknown {
    const steps = byFirstStep(broken);
    const items = list
      .map((item, index) => ({
        index: this.#kept.get(list)?.[index] ?? index,
        item: this.without(item, steps.get(String(index)) ?? [], [...at, index]),
      }))
      .filter(({ item }) => item !== NOTHING);
    const left = items.map(({ item }) => item);
    this.#kept.set(
      left,
      items.map(({ index }) => index),
    );
    return left;
  }

  #replacement(at: Path): unknown {
    const key = pointer(at);
    const standIn = this.#stoodIn.has(key) ? undefined : this.#standIn(at);
    this.#stoodIn.add(key);
    return standIn === undefined ? NOTHING : standIn;
  }

  original(pruned: unknown, path: Path): Path {
    let here = pruned;
    return path.map((step) => {
      const kept = Array.isArray(here) ? this.#kept.get(here) : undefined;
      here = childOf(here, step);
      return kept?.[Number(step)] ?? step;
    });
  }
}

function byFirstStep(paths: readonly Path[]): Map<string, Path[]> {
  const groups = new Map<string, Path[]>();
  for (const [first, ...below] of paths) {
    const key = String(first);
    const group = groups.get(key);
    if (group) group.push(below);
    else groups.set(key, [below]);
  }
  return groups;
}

/** What stands at one step of a path; undefined where nothing does. */
export function childOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  if (typeof value !== 'object' || value === null) return undefined;
  const child: unknown = Object.getOwnPropertyDescriptor(value, step)?.value;
  return child;
}

function findingsOf(issues: readonly z.core.$ZodIssue[], base: Path): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => unknownKey(path, key, knownKeysIn(issue.message)));
      case 'invalid_key': {
        const message = issue.issues[0]?.message ?? `\`${String(path.at(-1))}\` is no key; choose another`;
        return [finding(path, message, { atKey: true, hides: [path] })];
      }
      case 'invalid_union':
        return unionFindings(issue, path);
      default:
        return [finding(path, issue.message, { hides: [path] })];
    }
  });
}

/** The schema tells of an unknown key without saying which are known: these travel in the place of its message. */
export function knownKeysMessage(known: readonly string[]): string {
  return known.join(' ');
}

function knownKeysIn(message: string): string[] {
  return message.split(' ');
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  const meant = nearest(key, known);
  const remedy = meant === null ? `known here are: ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  return finding([...path, key], `unknown key \`${key}\`; ${remedy}`, {
    atKey: true,
    hides: meant === null ? [] : [[...path, meant]],
  });
}

type UnionIssue = Extract<z.core.$ZodIssue, { code: 'invalid_union' }>;

/** Of the forms that a value may have, the one that it was meant to be says what is wrong; none: the union itself does. */
function unionFindings(issue: UnionIssue, path: Path): Finding[] {
  const mappings = issue.errors.filter((form) => form.every(isInside));
  const [closest] = mappings.sort((one, other) => misfits(one) - misfits(other));
  const meant = closest ?? issue.errors.find((form) => form.every(isOfContent));
  if (meant) return findingsOf(meant, path);
  const words = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_value' ? inner.values : []));
  return [finding(path, `${issue.message}${suggestion(issue.input, words)}`, { hides: [path] })];
}

function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

/** How many keys of a form are missing, or not known to it. */
function misfits(form: readonly z.core.$ZodIssue[]): number {
  const own = form.map((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.path.length === 0 ? issue.keys.length : 0;
    return issue.path.length === 1 && issue.input === undefined ? 1 : 0;
  });
  return own.reduce<number>((sum, count) => sum + count, 0);
}

/** The value is of the right kind, a text or a number, and says what it must not. */
function isOfContent({ code }: z.core.$ZodIssue): boolean {
  return code === 'custom' || code === 'invalid_format' || code === 'too_small' || code === 'too_big';
}

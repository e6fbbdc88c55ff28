/**
 * How a snapshot's words are written and read: one codec for each, so that what is written is what is read. A schema library
 * would weigh more in a page than the rest of the reader; docs/decisions/0024.
 */
export abstract class Codec<Value, Written> {
  /** What the written form means; throws Misfit where it is of another form. */
  abstract read(written: unknown): Value;
  abstract write(value: Value): Written;

  nullable(): Codec<Value | null, Written | null> {
    return new Nullable(this);
  }
}

/** What a codec reads. */
export type Read<C> = C extends Codec<infer Value, unknown> ? Value : never;
/** What a codec writes. */
export type Written<C> = C extends Codec<infer _, infer W> ? W : never;
type AnyCodec = Codec<unknown, unknown>;

/** A part of a document is of another form; `path`: which, as `state.account.id`. */
export class Misfit extends Error {
  constructor(
    message: string,
    readonly path = '',
  ) {
    super(message);
  }
}

/** What is wrong with a part is wrong at its `key`. */
function at(key: string | number, error: unknown): unknown {
  if (!(error instanceof Misfit)) return error;
  return new Misfit(error.message, error.path === '' ? String(key) : `${String(key)}.${error.path}`);
}

class Nullable<V, W> extends Codec<V | null, W | null> {
  constructor(private readonly inner: Codec<V, W>) {
    super();
  }
  read(written: unknown): V | null {
    return written === null ? null : this.inner.read(written);
  }
  write(value: V | null): W | null {
    return value === null ? null : this.inner.write(value);
  }
}

/** A value that is written as it is. */
export class Plain<T> extends Codec<T, T> {
  readonly #is: (value: unknown) => value is T;
  readonly #wanted: string;

  constructor(is: (value: unknown) => value is T, wanted: string) {
    super();
    this.#is = is;
    this.#wanted = wanted;
  }
  read(written: unknown): T {
    if (this.#is(written)) return written;
    throw new Misfit(`${this.#wanted} is wanted here`);
  }
  write(value: T): T {
    return value;
  }
}

export const text: Codec<string, string> = new Plain((value) => typeof value === 'string', 'a text');
export const boolean: Codec<boolean, boolean> = new Plain(
  (value) => typeof value === 'boolean',
  'true or false',
);
export const number: Codec<number, number> = new Plain(
  (value): value is number => typeof value === 'number' && Number.isFinite(value),
  'a number',
);
export const anything: Codec<unknown, unknown> = new Plain((_): _ is unknown => true, 'anything');

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const jsonObject: Codec<JsonObject, JsonObject> = new Plain(isObject, 'an object');

/** A whole number, at least `least`. */
export function integer(least = -Number.MAX_SAFE_INTEGER): Codec<number, number> {
  return new Plain(
    (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= least,
    least === 0 || least === 1 ? `a whole number of ${String(least)} or more` : 'a whole number',
  );
}

/** One of these words, or numbers. */
export class Literal<T> extends Plain<T> {
  constructor(readonly values: readonly T[]) {
    super((value): value is T => values.some((one) => one === value), values.map(String).join(', or '));
  }
}

export function literal<const T extends string | number>(...values: readonly T[]): Literal<T> {
  return new Literal(values);
}

/** What is written as something else; `read` throws Misfit for what it does not take. */
export function translated<V, Inner, W>(
  inner: Codec<Inner, W>,
  { read, write }: { readonly read: (value: Inner) => V; readonly write: (value: V) => Inner },
): Codec<V, W> {
  return new Translated(inner, read, write);
}

class Translated<V, Inner, W> extends Codec<V, W> {
  constructor(
    private readonly inner: Codec<Inner, W>,
    private readonly reading: (value: Inner) => V,
    private readonly writing: (value: V) => Inner,
  ) {
    super();
  }
  read(written: unknown): V {
    return this.reading(this.inner.read(written));
  }
  write(value: V): W {
    return this.inner.write(this.writing(value));
  }
}

export function list<V, W>(item: Codec<V, W>): Codec<readonly V[], readonly W[]> {
  return new List(item);
}

class List<V, W> extends Codec<readonly V[], readonly W[]> {
  constructor(private readonly item: Codec<V, W>) {
    super();
  }
  read(written: unknown): readonly V[] {
    if (!Array.isArray(written)) throw new Misfit('a list is wanted here');
    let place = 0;
    try {
      const values: V[] = [];
      for (; place < written.length; place += 1) values.push(this.item.read(written[place]));
      return values;
    } catch (error) {
      throw at(place, error);
    }
  }
  write(values: readonly V[]): readonly W[] {
    return values.map((one) => this.item.write(one));
  }
}

export function pair<K, KW, V, W>(key: Codec<K, KW>, value: Codec<V, W>): Codec<readonly [K, V], [KW, W]> {
  return new Pair(key, value);
}

class Pair<K, KW, V, W> extends Codec<readonly [K, V], [KW, W]> {
  constructor(
    private readonly key: Codec<K, KW>,
    private readonly value: Codec<V, W>,
  ) {
    super();
  }
  read(written: unknown): readonly [K, V] {
    if (!Array.isArray(written) || written.length !== 2) throw new Misfit('a pair is wanted here');
    let place = 0;
    try {
      const key = this.key.read(written[place]);
      place = 1;
      return [key, this.value.read(written[place])];
    } catch (error) {
      throw at(place, error);
    }
  }
  write([key, value]: readonly [K, V]): [KW, W] {
    return [this.key.write(key), this.value.write(value)];
  }
}

type Shape = Readonly<Record<string, AnyCodec>>;
type ReadShape<S extends Shape> = { [Key in keyof S]: Read<S[Key]> };
type WrittenShape<S extends Shape> = { [Key in keyof S]: Written<S[Key]> };

/** These members and no other: further ones are neither read nor written. */
export function object<S extends Shape>(shape: S): ObjectCodec<S> {
  return new ObjectCodec(shape);
}

export class ObjectCodec<S extends Shape> extends Codec<ReadShape<S>, WrittenShape<S>> {
  readonly #members: readonly { readonly key: string; readonly codec: AnyCodec }[];

  constructor(readonly shape: S) {
    super();
    this.#members = Object.entries(shape).map(([key, codec]) => ({ key, codec }));
  }
  read(written: unknown): ReadShape<S> {
    if (!isObject(written)) throw new Misfit('an object is wanted here');
    // Most mean what is written, and nothing else is there: these are not copied, which is what reading would mostly consist of.
    const hasOthers = Object.keys(written).length !== this.#members.length;
    let value: Record<string, unknown> = hasOthers ? {} : written;
    let member = '';
    try {
      for (const { key, codec } of this.#members) {
        member = key;
        const part = written[key];
        const meant = codec.read(part);
        if (meant === part && !hasOthers) continue;
        if (value === written) value = { ...written };
        value[key] = meant;
      }
    } catch (error) {
      throw at(member, error);
    }
    return value as ReadShape<S>;
  }
  write(value: ReadShape<S>): WrittenShape<S> {
    const written: Record<string, unknown> = {};
    for (const { key, codec } of this.#members) written[key] = codec.write(value[key]);
    return written as WrittenShape<S>;
  }
}

/** Objects that their member `key` tells apart. */
export function variants<V extends readonly ObjectCodec<Shape>[]>(
  key: string,
  all: V,
): Codec<Read<V[number]>, Written<V[number]>> {
  return new Variants(key, all);
}

class Variants<V extends readonly ObjectCodec<Shape>[]> extends Codec<Read<V[number]>, Written<V[number]>> {
  readonly #byName = new Map<unknown, ObjectCodec<Shape>>();

  constructor(
    private readonly key: string,
    all: V,
  ) {
    super();
    for (const variant of all) {
      const names = variant.shape[key];
      if (!(names instanceof Literal)) throw new Error(`variants are told apart by words, not by \`${key}\``);
      for (const name of names.values) this.#byName.set(name, variant);
    }
  }
  read(written: unknown): Read<V[number]> {
    const variant = this.#variantOf(written);
    return variant.read(written) as Read<V[number]>;
  }
  write(value: Read<V[number]>): Written<V[number]> {
    return this.#variantOf(value).write(value) as Written<V[number]>;
  }

  #variantOf(value: unknown): ObjectCodec<Shape> {
    if (!isObject(value)) throw new Misfit('an object is wanted here');
    const variant = this.#byName.get(value[this.key]);
    if (variant !== undefined) return variant;
    throw new Misfit(`one of ${[...this.#byName.keys()].map(String).join(', ')} is wanted here`, this.key);
  }
}

/** The first of these whose form it is. */
export function either<A, WA, B, WB>(first: Codec<A, WA>, second: Codec<B, WB>): Codec<A | B, WA | WB> {
  return new Either(first, second);
}

class Either<A, WA, B, WB> extends Codec<A | B, WA | WB> {
  constructor(
    private readonly first: Codec<A, WA>,
    private readonly second: Codec<B, WB>,
  ) {
    super();
  }
  read(written: unknown): A | B {
    try {
      return this.first.read(written);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      return this.second.read(written);
    }
  }
  write(value: A | B): WA | WB {
    try {
      const written = this.first.write(value as A);
      this.first.read(written);
      return written;
    } catch {
      return this.second.write(value as B);
    }
  }
}

import { JsonBytes } from './json-bytes.js';

const LINE_END = '\n';

/** Lists of values as lines of JSON, kept as bytes: as strings they would be moved about by the garbage collector while they wait. */
export class Lines {
  readonly #json: JsonBytes;
  /** Of whole lines. */
  #bytes = 0;
  #count = 0;

  /** `buffer`: memory that nobody else needs. */
  constructor(buffer?: Buffer) {
    this.#json = new JsonBytes(buffer);
  }

  get count(): number {
    return this.#count;
  }

  /** Of all lines. */
  get body(): Buffer {
    return this.#json.bytes;
  }

  /** The memory in which they lie. */
  get buffer(): Buffer {
    return this.#json.buffer;
  }

  /** Bytes of the line, its end not counted; null, and nothing is added: they would be more than `most`. */
  add(values: readonly unknown[], most: number): number | null {
    const json = this.#json;
    // One that could not be written, an error thrown, has left its beginning.
    json.truncate(this.#bytes);
    json.list(values);
    const bytes = json.length - this.#bytes;
    if (bytes > most) {
      json.truncate(this.#bytes);
      return null;
    }
    json.byte(LINE_END.charCodeAt(0));
    this.#bytes = json.length;
    this.#count += 1;
    return bytes;
  }
}

/** The lines of such a text. */
export function linesOf(text: string): string[] {
  return text.slice(0, -LINE_END.length).split(LINE_END);
}

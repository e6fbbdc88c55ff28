const FIRST_BYTES = 4 * 1024;
const LINE_END = '\n';

/** Lines of text, kept as bytes: as strings they would be moved about by the garbage collector while they wait. */
export class Lines {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #bytes = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Of all lines. */
  get body(): Buffer {
    return this.#buffer.subarray(0, this.#bytes);
  }

  /** `line`: without an end of line in it, as JSON is. `bytes`: of the line. */
  add(line: string, bytes: number): void {
    const needed = this.#bytes + bytes + LINE_END.length;
    if (needed > this.#buffer.length) this.#grow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.write(line + LINE_END, this.#bytes);
    this.#bytes = needed;
    this.#count += 1;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafe(bytes);
    this.#buffer.copy(larger, 0, 0, this.#bytes);
    this.#buffer = larger;
  }
}

/** The lines of such a text. */
export function linesOf(text: string): string[] {
  return text.slice(0, -LINE_END.length).split(LINE_END);
}

import type { Actor } from '../event-log/append.js';

/** Who acts in a batch, each once: operations name them by place. */
export class Actors {
  readonly list: Actor[] = [];
  readonly #places = new Map<string, number>();

  placeOf(actor: Actor): number {
    if (actor === this.list.at(-1)) return this.list.length - 1;
    const id = `${actor.kind} ${actor.id}`;
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = this.list.push(actor) - 1;
    this.#places.set(id, place);
    return place;
  }
}

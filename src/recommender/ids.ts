/** Users or items as their owner calls them: a string, or a number that a double holds exactly. */
export type Id = string | number;

/**
 * Ids by number, in the order they were first seen. A number and its decimal string are the same id,
 * because files hold strings where programs hold numbers; an id comes back as it was first given.
 */
export class Ids {
  readonly #numbers = new Map<string, number>();
  readonly #ids: Id[] = [];

  /** From ids in the order of their numbers. */
  static of(ids: Iterable<Id>): Ids {
    const made = new Ids();
    for (const id of ids) made.add(id);
    return made;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** The number of an id, a new one where it has none. */
  add(id: Id): number {
    const key = String(id);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#ids.length);
    return this.#ids.push(id) - 1;
  }

  number(id: Id): number | undefined {
    return this.#numbers.get(String(id));
  }

  id(number: number): Id {
    return this.#ids[number] as Id;
  }

  [Symbol.iterator](): IterableIterator<Id> {
    return this.#ids[Symbol.iterator]();
  }
}

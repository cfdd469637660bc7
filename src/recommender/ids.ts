import { growingBytes, growingFloats } from '../data/growing.js';

/** Users or items as their owner calls them: a string, or a number that a double holds exactly. */
export type Id = string | number;

/** Entries of a `Map` end at 2^24; one that is this full is left as it is. */
const mostInMap = 2 ** 23;

/** How an id was given: a string that is no whole number, a number, or the decimal string of one. */
const kinds = { text: 0, number: 1, digits: 2 } as const;

/**
 * Ids by number, in the order they were first seen. A number and its decimal string are the same id,
 * because files hold strings where programs hold numbers; an id comes back as it was first given.
 *
 * Whole numbers and their strings cost about 30 bytes each and make no object; other ids are held in
 * maps. Nothing is as long as the largest id.
 */
export class Ids {
  readonly #wholes = new WholeNumbers();
  readonly #maps: Map<string, number>[] = [new Map()];
  /** By number: the whole number, or the place in `#texts`. */
  readonly #values = growingFloats();
  readonly #kinds = growingBytes();
  readonly #texts: Id[] = [];

  /** From ids in the order of their numbers. */
  static of(ids: Iterable<Id>): Ids {
    const made = new Ids();
    for (const id of ids) made.add(id);
    return made;
  }

  /** How many there are. */
  get size(): number {
    return this.#values.length;
  }

  /** The number of an id, a new one where it has none. */
  add(id: Id): number {
    const whole = wholeNumber(id);
    const number = this.size;
    if (whole !== undefined) {
      const known = this.#wholes.getOrSet(whole, number);
      if (known === number) this.#push(typeof id === 'number' ? kinds.number : kinds.digits, whole);
      return known;
    }
    const text = String(id);
    const known = this.#ofText(text);
    if (known !== undefined) return known;
    let map = this.#maps.at(-1) as Map<string, number>;
    if (map.size >= mostInMap) {
      map = new Map();
      this.#maps.push(map);
    }
    map.set(text, number);
    this.#push(kinds.text, this.#texts.push(id) - 1);
    return number;
  }

  /** The number of an id; undefined where it has none. */
  number(id: Id): number | undefined {
    const whole = wholeNumber(id);
    return whole === undefined ? this.#ofText(String(id)) : this.#wholes.get(whole);
  }

  /** The id of a number below `size`. */
  id(number: number): Id {
    const value = this.#values.at(number);
    const kind = this.#kinds.at(number);
    if (kind === kinds.text) return this.#texts[value] as Id;
    return kind === kinds.number ? value : String(value);
  }

  /** All ids in the order of their numbers. */
  *[Symbol.iterator](): IterableIterator<Id> {
    for (let number = 0; number < this.size; number++) yield this.id(number);
  }

  #push(kind: number, value: number): void {
    this.#kinds.push(kind);
    this.#values.push(value);
  }

  #ofText(text: string): number | undefined {
    for (const map of this.#maps) {
      const known = map.get(text);
      if (known !== undefined) return known;
    }
    return undefined;
  }
}

/** The whole number that an id is, or is the usual decimal string of. */
function wholeNumber(id: Id): number | undefined {
  if (typeof id === 'number') return Number.isSafeInteger(id) ? id + 0 : undefined;
  if (id.length === 0 || id.length > 16) return undefined;
  const first = id.charCodeAt(0);
  // A digit or a minus sign: most other strings need not become numbers to be told apart.
  if (first !== 45 && (first < 48 || first > 57)) return undefined;
  const value = Number(id);
  return Number.isSafeInteger(value) && String(value) === id ? value : undefined;
}

/** Numbers of safe whole numbers: open addressing with linear steps, at most two thirds full. */
class WholeNumbers {
  #mask = 1023;
  #keys = new Float64Array(1024);
  /** One more than the number; 0 where a place is free. [mask + 1] both. */
  #numbers = new Uint32Array(1024);
  #size = 0;

  get(key: number): number | undefined {
    const number = this.#numbers[this.#place(key)] as number;
    return number === 0 ? undefined : number - 1;
  }

  /** The number of a key, `number` if it had none. */
  getOrSet(key: number, number: number): number {
    let at = this.#place(key);
    const known = this.#numbers[at] as number;
    if (known !== 0) return known - 1;
    if (++this.#size > (this.#mask / 3) * 2) {
      this.#grow();
      at = this.#place(key);
    }
    this.#keys[at] = key;
    this.#numbers[at] = number + 1;
    return number;
  }

  #place(key: number): number {
    let at = hash(key) & this.#mask;
    while (this.#numbers[at] !== 0 && this.#keys[at] !== key) at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): void {
    const [keys, numbers] = [this.#keys, this.#numbers];
    this.#mask = 2 * this.#mask + 1;
    this.#keys = new Float64Array(this.#mask + 1);
    this.#numbers = new Uint32Array(this.#mask + 1);
    for (let i = 0; i < keys.length; i++) {
      if (numbers[i] === 0) continue;
      const at = this.#place(keys[i] as number);
      this.#keys[at] = keys[i] as number;
      this.#numbers[at] = numbers[i] as number;
    }
  }
}

/** Mixes both halves of a whole number (the finaliser of MurmurHash3). */
function hash(key: number): number {
  let h = (key | 0) ^ Math.imul(Math.floor(key / 2 ** 32) | 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

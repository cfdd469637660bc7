/**
 * A generator for the tests' own draws (start states, shapes, weights): seeded, small, and not the library's.
 * sfc32 (Doty-Humphrey 2010, PractRand), 32 bits per call.
 */
export class TestRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed * 0x9e3779b1) | 0;
    this.#c = 0x2545f491;
    for (let i = 0; i < 15; ++i) this.bits();
  }

  /** 32 random bits as an unsigned number. */
  bits(): number {
    const t = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return t >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 0x4000000 + (this.bits() >>> 6)) / 0x20000000000000;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  normals(n: number, scale = 1): number[] {
    return Array.from({ length: n }, () => scale * this.normal());
  }

  coins(n: number, probability = 0.5): number[] {
    return Array.from({ length: n }, () => (this.uniform() < probability ? 1 : 0));
  }

  /** n draws from a table of probabilities, by inversion. */
  draws(table: ArrayLike<number>, n: number): Uint32Array {
    const cumulative = new Float64Array(table.length);
    let sum = 0;
    for (let i = 0; i < table.length; ++i) cumulative[i] = sum += table[i]!;
    return Uint32Array.from({ length: n }, () => firstAbove(cumulative, this.uniform() * sum));
  }
}

/** Index of the first entry of a rising table that is above x. */
function firstAbove(cumulative: Float64Array, x: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

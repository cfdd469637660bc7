// Draws of the campaign itself (machines, states, rows): seeded, and not the library's. PCG-like mixing of a 32-bit counter would do; this is
// sfc32 (Doty-Humphrey 2010).

export class Random {
  #a;
  #b;
  #c = 0x2545f491;
  #counter = 1;

  /** Any number of whole numbers; each list of them names a stream of its own. */
  constructor(...seeds) {
    const mixed = seeds.reduce((h, s) => Math.imul((h ^ s) + 0x7f4a7c15, 0x9e3779b1) ^ (h >>> 15), 0x3c6ef372);
    this.#a = mixed | 0;
    this.#b = Math.imul(mixed, 0x85ebca6b) ^ seeds.length;
    for (let i = 0; i < 15; ++i) this.bits();
  }

  bits() {
    const t = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return t >>> 0;
  }

  /** In (0, 1). */
  uniform() {
    return ((this.bits() >>> 5) * 0x4000000 + (this.bits() >>> 6) + 0.5) / 0x20000000000000;
  }

  below(n) {
    return Math.floor(this.uniform() * n);
  }

  /** low ... high, both included. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }

  coin(probability = 0.5) {
    return this.uniform() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** Standard normal (Box & Muller 1958). */
  normal() {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  normals(n, scale = 1) {
    return Array.from({ length: n }, () => scale * this.normal());
  }

  shuffled(list) {
    const all = [...list];
    for (let i = all.length - 1; i > 0; --i) {
      const j = this.below(i + 1);
      [all[i], all[j]] = [all[j], all[i]];
    }
    return all;
  }

  /** n indices with probabilities in proportion to a table, by inversion. */
  indices(table, n) {
    const rising = new Float64Array(table.length);
    let sum = 0;
    for (let i = 0; i < table.length; ++i) rising[i] = sum += table[i];
    return Uint32Array.from({ length: n }, () => {
      const x = this.uniform() * sum;
      let [low, high] = [0, rising.length - 1];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (rising[middle] > x) high = middle;
        else low = middle + 1;
      }
      return low;
    });
  }

  /** A standard normal above `a` (Robert 1995). */
  normalAbove(a) {
    if (a < 0.5) {
      for (;;) {
        const x = this.normal();
        if (x > a) return x;
      }
    }
    const rate = (a + Math.sqrt(a * a + 4)) / 2;
    for (;;) {
      const x = a - Math.log(this.uniform()) / rate;
      if (this.uniform() < Math.exp(-((x - rate) ** 2) / 2)) return x;
    }
  }
}

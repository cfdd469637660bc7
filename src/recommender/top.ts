/** The best of many scores, without sorting all of them. */

/** Items and their scores, best first. */
export interface Ranked {
  readonly items: Uint32Array;
  readonly scores: Float32Array;
}

/**
 * The n best of the candidates; of equal scores the item with the lower number comes first. A heap
 * whose root is the worst that is kept: most items cost one comparison.
 *
 * @param scores - Of all items.
 * @param isOut - Whether an item is no candidate.
 * @param among - Numbers of candidates, rising; undefined: all.
 */
export function best(scores: Float32Array, n: number, isOut: (item: number) => boolean, among?: Uint32Array): Ranked {
  const items = new Uint32Array(n);
  const kept = new Float32Array(n);
  let size = 0;
  const isWorse = (a: number, b: number): boolean => {
    const [x, y] = [kept[a] as number, kept[b] as number];
    return x < y || (x === y && (items[a] as number) > (items[b] as number));
  };
  const swap = (a: number, b: number): void => {
    const [item, score] = [items[a] as number, kept[a] as number];
    [items[a], kept[a]] = [items[b] as number, kept[b] as number];
    [items[b], kept[b]] = [item, score];
  };
  const sink = (end: number): void => {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let worst = at;
      if (left < end && isWorse(left, worst)) worst = left;
      if (right < end && isWorse(right, worst)) worst = right;
      if (worst === at) return;
      swap(at, worst);
      at = worst;
    }
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isWorse(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const count = among?.length ?? scores.length;
  for (let k = 0; k < count && n > 0; k++) {
    const item = among === undefined ? k : (among[k] as number);
    const score = scores[item] as number;
    // Candidates come in rising order, so an equal score never replaces one that is kept.
    if (size === n && !(score > (kept[0] as number))) continue;
    if (isOut(item)) continue;
    if (size < n) {
      [items[size], kept[size]] = [item, score];
      rise(size++);
    } else {
      [items[0], kept[0]] = [item, score];
      sink(n);
    }
  }
  // Taking the worst away again and again leaves the best in front.
  for (let end = size - 1; end > 0; end--) {
    swap(0, end);
    sink(end);
  }
  return { items: items.subarray(0, size), scores: kept.subarray(0, size) };
}

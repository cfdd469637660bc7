/** Where a model's scores put the items that a user turned to. Ties go against the model throughout. */

/** Items that belong at the top of a user's list, with what each is worth. */
export interface Relevant {
  readonly items: Uint32Array;
  /** Positive; ones where entries have no values. */
  readonly gains: Float64Array;
}

/**
 * The place of each relevant item among all candidates, from 0, rising; Infinity for items that are
 * no candidates. Whoever ties with a relevant item and is none stands before it.
 *
 * @param scores - Of all items, [items].
 * @param candidate - 1 for candidates, [items].
 * @returns Places with the gains of their items, [relevant] both.
 */
export function placesOf(scores: Float32Array, candidate: Uint8Array, relevant: Relevant): { places: Float64Array; gains: Float64Array } {
  const { items, gains } = relevant;
  const order = Array.from(items.keys()).sort((a, b) => before(scores, candidate, relevant, a, b));
  const known = order.filter((i) => candidate[items[i] as number] === 1);
  const own = Float32Array.from(known, (i) => scores[items[i] as number] as number);
  // passed[n]: candidates that stand before the n-th relevant item but not before the one above it.
  const passed = new Uint32Array(own.length + 1);
  const isRelevant = new Set(items);
  for (let item = 0; item < scores.length; item++) {
    if (candidate[item] === 1 && !isRelevant.has(item)) passed[firstNotAbove(own, scores[item] as number)]!++;
  }
  const places = new Float64Array(items.length).fill(Number.POSITIVE_INFINITY);
  let others = 0;
  for (let n = 0; n < own.length; n++) {
    others += passed[n] as number;
    places[n] = n + others;
  }
  return { places, gains: Float64Array.from(order, (i) => gains[i] as number) };
}

/** Candidates first, then by score; of equal scores what is worth less, so that ties do not flatter. */
function before(scores: Float32Array, candidate: Uint8Array, { items, gains }: Relevant, a: number, b: number): number {
  const [x, y] = [items[a] as number, items[b] as number];
  const known = (candidate[y] as number) - (candidate[x] as number);
  if (known !== 0) return known;
  const [p, q] = [scores[x] as number, scores[y] as number];
  return p === q ? (gains[a] as number) - (gains[b] as number) || x - y : q > p ? 1 : -1;
}

/** The first of falling scores that is not above `score`. */
function firstNotAbove(falling: Float32Array, score: number): number {
  let [low, high] = [0, falling.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((falling[middle] as number) <= score) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The place of an item, from 0, among itself and other items: those with the same score stand before it. */
export function placeAmong(scores: Float32Array, item: number, others: Uint32Array): number {
  const own = scores[item] as number;
  let place = 0;
  for (const other of others) if (other !== item && (scores[other] as number) >= own) place++;
  return place;
}

// Graphs of 100 vertices, and an exact largest cut by dynamic programming: it shares nothing with annealing.
import { order, uniforms } from '../lib/order.mjs';

const key = (i, j) => `${Math.min(i, j)},${Math.max(i, j)}`;

/** A random cubic graph: pairings of three stubs to a vertex, drawn again until they have no loop and no double edge. */
export function cubic(n, seed) {
  for (let attempt = 0; ; attempt++) {
    const stubs = order(3 * n, seed * 1000 + attempt);
    const edges = Array.from({ length: (3 * n) / 2 }, (_, e) => [stubs[2 * e], stubs[2 * e + 1]].map((s) => Math.floor(s / 3)));
    if (edges.every(([i, j]) => i !== j) && new Set(edges.map(([i, j]) => key(i, j))).size === edges.length) return { n, edges };
  }
}

/** A random graph in which each pair is an edge with the same probability (Erdős & Rényi). */
export function random(n, degree, seed) {
  const uniform = uniforms(seed);
  const edges = [];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (uniform() < degree / (n - 1)) edges.push([i, j]);
  return { n, edges };
}

/** A square lattice on a torus with weights ±1: a spin glass. */
export function torus(side, seed) {
  const uniform = uniforms(seed);
  const edges = [];
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) edges.push([r * side + c, r * side + ((c + 1) % side)], [r * side + c, ((r + 1) % side) * side + c]);
  }
  return { n: side * side, edges, weights: edges.map(() => (uniform() < 0.5 ? -1 : 1)) };
}

function neighboursOf({ n, edges, weights }) {
  const lists = Array.from({ length: n }, () => []);
  edges.forEach(([i, j], e) => {
    lists[i].push([j, weights?.[e] ?? 1]);
    lists[j].push([i, weights?.[e] ?? 1]);
  });
  return lists;
}

/**
 * An order of the vertices with few open ones (decided, with neighbours that are not) at any time: the narrowest of some greedy ones.
 */
function narrowOrder(lists, tries, seed) {
  const uniform = uniforms(seed);
  let best = { width: Infinity };
  for (let t = 0; t < tries; t++) {
    const found = greedyOrder(lists, uniform, best.width);
    if (found.width < best.width) best = found;
  }
  return best;
}

/** One such order: next comes a vertex that opens little and closes much; near ties are broken at random. Gives up at the width of the best. */
function greedyOrder(lists, uniform, beyond) {
  const done = new Array(lists.length).fill(false);
  const isOpen = (v) => done[v] && lists[v].some(([u]) => !done[u]);
  const undecided = (v) => lists[v].filter(([u]) => !done[u]);
  const [sequence, open] = [[], new Set()];
  let width = 0;
  while (sequence.length < lists.length) {
    const reached = [...new Set([...open].flatMap((v) => undecided(v).map(([u]) => u)))];
    const candidates = reached.length > 0 ? reached : [...done.keys()].filter((v) => !done[v]);
    let [chosen, least] = [-1, Infinity];
    for (const v of candidates) {
      const closes = lists[v].filter(([u]) => done[u] && undecided(u).length === 1).length;
      const left = undecided(v).length;
      const score = 4 * ((left > 0 ? 1 : 0) - closes) + left + 1.5 * uniform();
      if (score < least) [chosen, least] = [v, score];
    }
    done[chosen] = true;
    sequence.push(chosen);
    for (const v of [chosen, ...lists[chosen].map(([u]) => u)]) {
      if (isOpen(v)) open.add(v);
      else open.delete(v);
    }
    width = Math.max(width, open.size);
    if (width >= beyond) return { width: Infinity };
  }
  return { width, sequence };
}

/**
 * The exact largest cut. Vertices are decided one by one; for each choice of sides of the open vertices the best cut so far is kept, and a vertex is
 * maximised out when its last neighbour is decided. 2^width numbers, so the width is what limits it.
 *
 * @returns { value, width }, value null where the width is beyond `widest`.
 */
export function largestCut(graph, { tries = 300, widest = 24, seed = 1 } = {}) {
  const lists = neighboursOf(graph);
  const { width, sequence } = narrowOrder(lists, tries, seed);
  if (width > widest) return { value: null, width };
  const position = new Int32Array(graph.n);
  sequence.forEach((v, at) => {
    position[v] = at;
  });
  let slots = []; // open vertices, by bit
  let best = new Float64Array(1);
  for (const v of sequence) {
    // The new vertex takes the highest bit.
    const before = lists[v].filter(([u]) => position[u] < position[v]);
    const bits = before.map(([u, w]) => [slots.indexOf(u), w]);
    const size = best.length;
    const next = new Float64Array(2 * size);
    for (let s = 0; s < size; s++) {
      let [ones, all] = [0, 0];
      for (const [bit, w] of bits) {
        all += w;
        if ((s >> bit) & 1) ones += w;
      }
      next[s] = best[s] + ones;
      next[s + size] = best[s] + all - ones;
    }
    best = next;
    slots.push(v);
    for (let bit = slots.length - 1; bit >= 0; bit--) {
      if (lists[slots[bit]].some(([u]) => position[u] > position[v])) continue;
      best = withoutBit(best, bit);
      slots = slots.filter((_, b) => b !== bit);
    }
  }
  return { value: best[0], width };
}

function withoutBit(best, bit) {
  const half = new Float64Array(best.length / 2);
  const low = 2 ** bit;
  for (let s = 0; s < half.length; s++) {
    const from = (s % low) + Math.floor(s / low) * 2 * low;
    half[s] = Math.max(best[from], best[from + low]);
  }
  return half;
}

/** All cuts, for graphs of at most 20 vertices: what the dynamic programming is checked against. */
export function everyCut({ n, edges, weights }) {
  let best = -Infinity;
  for (let sides = 0; sides < 2 ** (n - 1); sides++) {
    let value = 0;
    edges.forEach(([i, j], e) => {
      if (((sides >> i) ^ (sides >> j)) & 1) value += weights?.[e] ?? 1;
    });
    best = Math.max(best, value);
  }
  return best;
}

/**
 * Tabu search over flips of single vertices from random starts (a method of its own, for dense graphs, whose optimum the dynamic programming
 * cannot reach): the best cut of `starts` runs of `steps` flips.
 */
export function tabuCut({ n, edges, weights }, { starts, steps, seed }) {
  const uniform = uniforms(seed);
  const lists = neighboursOf({ n, edges, weights });
  let best = -Infinity;
  for (let start = 0; start < starts; start++) {
    const side = Array.from({ length: n }, () => (uniform() < 0.5 ? 1 : -1));
    const gain = Float64Array.from(lists, (list, i) => list.reduce((sum, [j, w]) => sum + w * side[i] * side[j], 0));
    let value = edges.reduce((sum, [i, j], e) => sum + (side[i] === side[j] ? 0 : (weights?.[e] ?? 1)), 0);
    const until = new Int32Array(n);
    best = Math.max(best, value);
    for (let step = 1; step <= steps; step++) {
      let [chosen, most] = [-1, -Infinity];
      for (let i = 0; i < n; i++) {
        if ((until[i] < step || value + gain[i] > best) && gain[i] + 1e-6 * uniform() > most) [chosen, most] = [i, gain[i]];
      }
      if (chosen < 0) continue;
      value += gain[chosen];
      side[chosen] = -side[chosen];
      gain[chosen] = -gain[chosen];
      for (const [j, w] of lists[chosen]) gain[j] += 2 * w * side[chosen] * side[j];
      until[chosen] = step + 7 + Math.floor(10 * uniform());
      best = Math.max(best, value);
    }
  }
  return best;
}

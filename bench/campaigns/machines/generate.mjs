// A random machine from one number: wiring, unit types, sizes, parameters from weak to strong; small enough to count.
import { costOf } from './enumerate.mjs';
import { modelOf } from './model.mjs';
import { Random } from './random.mjs';
import { isReal, parametersOf } from './units.mjs';

const types = ['bernoulli', 'spin', 'softmax', 'binomial', 'counts', 'gaussian', 'relu', 'doubleRelu'];
const strengths = { weak: 0.2, medium: 0.6, strong: 1.5, extreme: 4 };
const mostRows = 3000;
const mostWork = 20_000;

/** Layers to be coupled, as numbers; 'graph' marks a layer that follows one. */
const wirings = {
  rbm: () => ({ layers: 2, couplings: [[0, 1]] }),
  chain: (random) => ((n) => ({ layers: n, couplings: range(n - 1).map((l) => [l, l + 1]) }))(random.between(3, 4)),
  triangle: () => ({ layers: 3, couplings: [[0, 1], [1, 2], [0, 2]] }), // biome-ignore format: a row
  star: () => ({ layers: 4, couplings: [[0, 1], [0, 2], [0, 3]] }), // biome-ignore format: a row
  lateral: () => ({ layers: 1, couplings: [[0, 0]] }),
  graph: () => ({ layers: 1, couplings: [[0, 0, 'graph']] }),
  'semi-restricted': (random) => ({ layers: 2, couplings: [[0, 0, ...(random.coin() ? ['graph'] : [])], [0, 1]] }), // biome-ignore format: a row
  'lateral hidden': (random) => ({ layers: 2, couplings: [[0, 1], [1, 1, ...(random.coin() ? ['graph'] : [])]] }), // biome-ignore format: a row
  boltzmann: () => ({ layers: 2, couplings: [[0, 0], [1, 1], [0, 1]] }), // biome-ignore format: a row
  many: (random) => ((n) => ({ layers: n, couplings: someCouplings(n, random) }))(random.between(4, 6)),
};

const range = (n) => Array.from({ length: n }, (_, i) => i);

/** A tree, and some pairs more. */
function someCouplings(n, random) {
  const pairs = range(n - 1).map((l) => [random.below(l + 1), l + 1]);
  for (let k = random.between(0, 3); k > 0; --k) {
    const [a, b] = [random.below(n), random.below(n)];
    if (!pairs.some(([x, y]) => (x === a && y === b) || (x === b && y === a))) pairs.push([a, b]);
  }
  return pairs;
}

/** The machine with this number. The same number gives the same machine for ever. */
export function randomMachine(seed) {
  const random = new Random(seed, 1);
  for (;;) {
    const wiring = random.pick(Object.keys(wirings));
    const palette = random.coin(0.4) ? [random.pick(types)] : random.coin() ? types.slice(0, 4) : types;
    const strength = random.pick(Object.keys(strengths));
    for (let attempt = 0; attempt < 40; ++attempt) {
      const machine = { seed, wiring, strength, ...attemptMachine(random, wirings[wiring](random), palette, strength, attempt) };
      const { rows, work } = costOf(modelOf(machine));
      if (rows <= mostRows && work <= mostWork && rows > 1) return machine;
    }
  }
}

function attemptMachine(random, plan, palette, strength, attempt) {
  const most = Math.max(1, Math.floor((random.coin(0.7) ? 5 : 3) / (1 + attempt / 10)));
  const names = random.coin(0.3) ? random.shuffled(range(plan.layers)).map((l) => `z${l}`) : range(plan.layers).map((l) => `layer${l}`);
  const layers = range(plan.layers).map((l) => {
    const lateral = plan.couplings.some(([a, b]) => a === l && b === l);
    const allowed = palette.filter((type) => !lateral || type !== 'counts');
    return randomLayer(names[l], random.pick(allowed.length ? allowed : ['spin']), lateral, most, random);
  });
  const couplings = plan.couplings.map(([a, b, graph]) => {
    const [first, second] = random.coin(0.8) ? [a, b] : [b, a];
    return randomCoupling(layers, first, second, graph, strengths[strength], random);
  });
  normalise(layers, couplings);
  return { layers, couplings: random.coin(0.7) ? couplings : random.shuffled(couplings) };
}

function randomLayer(name, type, lateral, most, random) {
  const wide = { softmax: () => random.between(2, 4), binomial: () => random.pick([1, 2, 3, 6]), counts: () => random.between(2, 4) };
  const size = wide[type]?.() ?? 1;
  const few = type === 'counts' ? 1 : random.between(lateral ? 2 : 1, Math.max(lateral ? 2 : 1, most - (size > 2 || isReal(type) ? 2 : 0)));
  const places = type === 'softmax' || type === 'counts' ? few * size : few;
  const scale = random.pick([0.3, 1]);
  const parameters = range(parametersOf(type)).map((k) => random.normals(places, k % 2 ? 0.4 : scale).map(Math.fround));
  return { name, type, units: few, size, total: type === 'counts' ? random.between(1, 5) : 0, places, parameters };
}

/** How large the states of a unit get: what weights are divided by. */
const spanOf = ({ type, size, total }) => ({ binomial: Math.sqrt(size), counts: Math.sqrt(total) })[type] ?? 1;

function randomCoupling(layers, a, b, graph, strength, random) {
  const scale = strength / spanOf(layers[a]) / spanOf(layers[b]);
  const heavy = random.coin(0.2); // a few strong weights among weak ones
  const draw = () => Math.fround(random.normal() * scale * (heavy ? (random.coin(0.2) ? 2 : 0.2) : 1));
  const weights = range(layers[a].places).map(() => range(layers[b].places).map(draw));
  if (a !== b) return { a, b, weights };
  const edges = graph ? randomEdges(layers[a].units, random) : undefined;
  const width = layers[a].type === 'softmax' ? layers[a].size : 1;
  const unit = (place) => Math.floor(place / width);
  const joined = (x, y) => x !== y && (!edges || edges.some(([i, j]) => (i === x && j === y) || (i === y && j === x)));
  weights.forEach((row, i) => {
    row.forEach((_, j) => {
      if (!joined(unit(i), unit(j))) row[j] = 0;
      else if (j < i) row[j] = weights[j][i];
    });
  });
  return edges ? { a, b, weights, edges } : { a, b, weights };
}

function randomEdges(units, random) {
  const all = range(units).flatMap((i) => range(i).map((j) => (random.coin() ? [i, j] : [j, i])));
  const some = random.shuffled(all).filter(() => random.coin(0.6));
  return some.length ? some : [all[0]];
}

/** Scales weights among real units so far down that every machine has a distribution, and those to discrete units to reasonable means. */
function normalise(layers, couplings) {
  const precision = ({ parameters }) => Math.exp(Math.min(...parameters.filter((_, k) => k % 2).flat()));
  const among = couplings.filter(({ a, b }) => isReal(layers[a].type) && isReal(layers[b].type));
  const loads = layers.map(({ places }) => new Array(places).fill(0));
  for (const { a, b, weights } of among) {
    const unit = Math.sqrt(precision(layers[a]) * precision(layers[b]));
    weights.forEach((row, i) => {
      row.forEach((w, j) => {
        loads[a][i] += Math.abs(w) / unit;
        if (a !== b) loads[b][j] += Math.abs(w) / unit;
      });
    });
  }
  const most = Math.max(0, ...loads.flat());
  const shrink = most > 0.5 ? 0.5 / most : 1;
  for (const coupling of among) coupling.weights = coupling.weights.map((row) => row.map((w) => Math.fround(w * shrink)));
}

// The library's machine with the parameters of a random one, and states on their way between the two.
import { BoltzmannMachine, bernoulli, binomial, counts, doubleRelu, gaussian, relu, softmax, spin } from 'boltzkit';

const makers = {
  bernoulli: ({ units }) => bernoulli(units),
  spin: ({ units }) => spin(units),
  softmax: ({ units, size }) => softmax(size, units),
  binomial: ({ units, size }) => binomial(units, size),
  counts: ({ size }) => counts(size),
  gaussian: ({ units }) => gaussian(units),
  relu: ({ units }) => relu(units),
  doubleRelu: ({ units }) => doubleRelu(units),
};

export const unitsFor = (layer) => makers[layer.type](layer);

/** Where a machine runs: in turn by number. */
export const places = [
  { device: 'cpu', threads: 1 },
  { device: 'cpu', threads: 2 },
  { device: 'reference', threads: 1 },
];

export function build({ layers, couplings }, where, seed) {
  const machine = new BoltzmannMachine({
    layers: Object.fromEntries(layers.map((layer) => [layer.name, unitsFor(layer)])),
    couplings: couplings.map(({ a, b, edges }) => [layers[a].name, layers[b].name, ...(edges ? [{ edges }] : [])]),
    seed,
    ...where,
  });
  setParameters(machine, { layers, couplings });
  return machine;
}

export function setParameters(machine, { layers, couplings }) {
  for (const layer of layers) {
    machine.setParameter(parametersName(layer), layer.parameters);
  }
  for (const coupling of couplings) {
    const { a, b, weights, edges } = coupling;
    machine.setParameter(`${layers[a].name}-${layers[b].name}.weights`, edges ? [alongEdges(layers[a], coupling)] : weights);
  }
}

const parametersName = ({ name, parameters }) => (parameters.length === 1 ? `${name}.bias` : `${name}.parameters`);

/** The weights of a graph in the order that a machine keeps them. */
function alongEdges(layer, { weights, edges }) {
  return edgePlaces(layer, edges).map(([p, q]) => weights[p][q]);
}

function edgePlaces({ type, size }, edges) {
  const width = type === 'softmax' ? size : 1;
  const all = Array.from({ length: width }, (_, k) => k);
  return edges.flatMap(([x, y]) => {
    const [i, j] = [Math.min(x, y) * width, Math.max(x, y) * width];
    return all.flatMap((k) => all.map((l) => [i + k, j + l]));
  });
}

/** Every parameter of a library's machine as a number, in the order of the oracle's statistics (`moments`). */
export function parametersOf(machine, model) {
  const { layers, couplings } = model.machine;
  const units = layers.flatMap((layer) => [...machine.getParameter(parametersName(layer)).data]);
  const weights = couplings.map(({ a, b, edges }) => {
    const { data } = machine.getParameter(`${layers[a].name}-${layers[b].name}.weights`);
    if (!edges) return (p, q) => data[p * layers[b].places + q];
    const index = new Map(edgePlaces(layers[a], edges).map(([p, q], k) => [`${p},${q}`, k]));
    return (p, q) => data[index.get(`${p},${q}`)];
  });
  return [...units, ...model.pairs.map(({ coupling, row, column }) => weights[coupling](row, column))];
}

/** Rows of all places as rows by layer; of the given layers only. */
export function byLayer(model, rows, n, layers = model.machine.layers.map((_, l) => l)) {
  return Object.fromEntries(
    layers.map((l) => {
      const { name, places: width } = model.machine.layers[l];
      const data = new Float64Array(n * width);
      for (let r = 0; r < n; ++r) {
        for (let k = 0; k < width; ++k) data[r * width + k] = rows[r * model.places + model.starts[l] + k];
      }
      return [name, { data, shape: [n, width] }];
    }),
  );
}

/** The other way: what chains or imputation give, as rows of all places; places of other layers stay as they are in `into`. */
export function fromLayers(model, byName, into) {
  model.machine.layers.forEach(({ name, places: width }, l) => {
    const given = byName(name);
    if (!given) return;
    const n = given.length / width;
    for (let r = 0; r < n; ++r) {
      for (let k = 0; k < width; ++k) into[r * model.places + model.starts[l] + k] = given[r * width + k];
    }
  });
  return into;
}

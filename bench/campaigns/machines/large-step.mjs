// One step of 'mean-field' learning of a large machine: nothing is drawn, so the step is a number. From 48 rows on the fields of its positive phase may
// be those of rounded weights (docs/math.md, Rounded weights).
import { plainStep } from './facts.mjs';
import { buildLarge, conditional, fieldsOf, stacked } from './large.mjs';
import { isReal } from './units.mjs';

/** Copies of every row, and what the step is called. */
const sizes = [
  { copies: 1, kind: 'mean-field step' },
  { copies: 12, kind: 'rounded step' },
];

/** As `largeExact`. Of units whose statistics are their states only. */
export async function largeSteps(large, where, note) {
  const [v, h] = large.layers;
  if (isReal(v.type) || isReal(h.type) || v.grey || v.type === 'counts') return;
  const { step: exact, fieldSize } = expectedStep(large);
  for (const { copies, kind } of sizes) {
    const machine = buildLarge(large, where, large.seed);
    try {
      const rows = stacked(large.rows, copies);
      await machine.fit(
        { v: rows },
        { ...plainStep, algorithm: { name: 'mean-field', sweeps: 1 }, batchSize: rows.shape[0], learningRate: 1 },
      );
      note(kind, exact.length, ...worstOf(large, machine, exact, singleError * fieldSize));
    } finally {
      machine.dispose();
    }
  }
}

/** What single precision costs a field, over the sum of its terms' sizes. */
const singleError = 1e-6;

/** Steps of the biases of v and h and of the weights, row by row; and the largest sum of sizes of a field's terms. */
function expectedStep(large) {
  const { layers, rows, weights } = large;
  const [v, h] = layers;
  const back = transposed(weights, v.places, h.places);
  const step = new Float64Array(v.places + h.places + weights.length);
  let fieldSize = 0;
  const meansOf = (layer, matrix, states) => {
    const { fields, sizes: terms } = fieldsOf({ weights: matrix }, states, layer.places);
    fieldSize = terms.reduce((most, size, j) => Math.max(most, size + Math.abs(layer.parameters[0][j])), fieldSize);
    return conditional(layer, fields).means;
  };
  for (const row of rows) {
    const up = meansOf(h, weights, row);
    const down = meansOf(v, back, up);
    const again = meansOf(h, weights, down);
    const share = 1 / rows.length;
    for (let i = 0; i < v.places; ++i) step[i] += share * (row[i] - down[i]);
    for (let j = 0; j < h.places; ++j) step[v.places + j] += share * (up[j] - again[j]);
    const at = v.places + h.places;
    for (let i = 0; i < v.places; ++i) {
      for (let j = 0; j < h.places; ++j) step[at + i * h.places + j] += share * (row[i] * up[j] - down[i] * again[j]);
    }
  }
  return { step, fieldSize };
}

function transposed(weights, n, m) {
  const back = new Float32Array(weights.length);
  for (let i = 0; i < n; ++i) for (let j = 0; j < m; ++j) back[j * n + i] = weights[i * m + j];
  return back;
}

/**
 * The largest error, over what an error of 1 in a field can do: a mean moves by the variance of its unit at most. Errors of `allowed` in the fields are none.
 */
function worstOf({ layers, weights }, machine, exact, allowed) {
  const [v, h] = layers;
  const before = [v.parameters[0], h.parameters[0], weights];
  const after = ['v.bias', 'h.bias', 'v-h.weights'].map((name) => machine.getParameter(name).data);
  const largest = [mostOf(v), mostOf(h)];
  const slopes = largest.map((most) => Math.max(1, most * most));
  const scales = [slopes[0], slopes[1], largest[0] * slopes[1] + largest[1] * slopes[0]];
  let [worst, detail, k] = [-1, '', 0];
  before.forEach((values, part) => {
    values.forEach((value, i) => {
      const moved = after[part][i] - value;
      const error = Math.max(0, Math.abs(moved - exact[k]) / (scales[part] + Math.abs(value)) - allowed);
      if (!(error <= worst)) [worst, detail] = [error, `${['v.bias', 'h.bias', 'weight'][part]} ${i}: step ${moved}, exactly ${exact[k]}`];
      k += 1;
    });
  });
  return [worst, detail];
}

const mostOf = ({ type, size }) => (type === 'binomial' ? size : 1);

// Parameters that all programs start from. They are drawn by a rule that stands here and depends on no program under test. Their states are as
// sparse as those of a trained machine: random weights alone would keep half of all units on, which is not the work of training.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sizes } from './work.mjs';

const folder = fileURLToPath(new URL('../build/', import.meta.url));

/** The share of hidden units that data turn on, and the rows that the means of the columns are taken from. */
const rules = {
  mnist: { hiddenOn: 0.15, rows: 60_000 },
  centred: { hiddenOn: 0.5, rows: 60_000 },
  big: { hiddenOn: 0.15, rows: 10_000 },
  small: { hiddenOn: 0.15, rows: 10_000 },
};
/** The standard deviation of a field over rows of data, given how many columns are on. */
const fieldDeviation = 1;

/** Whole numbers below 2^16: the upper bits of a linear congruential generator (Knuth, TAOCP vol. 2, 3.3.4, line 26). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 16;
  };
}

/** Nearly normal, with mean 0 and standard deviation 1: a sum of 12 uniform numbers. Exact, so that every platform draws the same. */
function normal(next) {
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += next() + 0.5;
  return sum / 65_536 - 6;
}

const logit = (p) => Math.log(p / (1 - p));
/** Multiples of 1/1024: whatever the last bits of a logarithm are. */
const rounded = (x) => Math.round(x * 1024) / 1024;

/**
 * weights: normal, of a deviation that gives fields a deviation of `fieldDeviation`;
 * visible biases: logit of the column's mean;
 * hidden biases: logit(hiddenOn), less the mean field of the data.
 */
function draw(name, data) {
  const { visible, hidden } = sizes[name];
  const count = data.length / visible;
  const means = new Float64Array(visible);
  for (let r = 0; r < count; r++) for (let i = 0; i < visible; i++) means[i] += data[r * visible + i] / count;
  const on = means.reduce((sum, p) => sum + p, 0);
  const deviation = rounded(fieldDeviation / Math.sqrt(on));
  const next = generator(1);
  const weights = Float32Array.from({ length: visible * hidden }, () => deviation * normal(next));
  const visibleBias = Float32Array.from(means, (p) => rounded(logit((p * count + 0.1) / (count + 0.2))));
  const hiddenBias = new Float64Array(hidden).fill(logit(rules[name].hiddenOn));
  for (let i = 0; i < visible; i++) for (let j = 0; j < hidden; j++) hiddenBias[j] -= means[i] * weights[i * hidden + j];
  return Buffer.concat([weights, visibleBias, Float32Array.from(hiddenBias, rounded)].map((values) => Buffer.from(values.buffer)));
}

/**
 * The path of a machine's weights [visible, hidden], visible and hidden biases, as float32 one after the other. `rows(n)` gives at most n rows
 * of data, which `description` names.
 */
export async function startFile({ name, description, rows, log }) {
  const key = createHash('sha256')
    .update(JSON.stringify([description, sizes[name], rules[name], fieldDeviation]))
    .digest('hex')
    .slice(0, 12);
  const path = `${folder}start-${name}-${key}.f32`;
  if (existsSync(path)) return path;
  log(`drawing the weights that ${name} starts from`);
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, draw(name, rows(rules[name].rows)));
  renameSync(temporary, path);
  return path;
}

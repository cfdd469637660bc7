// Exact log-pseudo-likelihood sum_i log p(v_i | v_-i) (Besag 1975) of real-valued rows, in double precision: of a Gaussian-Bernoulli RBM from its
// public parameters, and of a multivariate Gaussian. Densities are those of the scaled values, in nats.

const STEP = 0.5; // of the conditional standard deviation: the trapezium rule's error on a Gaussian is below 1e-30
const REACH = 24; // points to either side of the conditional mean
const FACTORS = 8; // factors multiplied before a logarithm is taken: fields up to 80 cannot overflow

/** log of the product of 1 + odds. */
function logProduct(odds) {
  let sum = 0;
  for (let j = 0; j < odds.length; ) {
    let product = 1;
    for (const end = Math.min(j + FACTORS, odds.length); j < end; j++) product *= 1 + odds[j];
    sum += Math.log(product);
  }
  return sum;
}

function logSumExp(values) {
  const highest = values.reduce((a, b) => Math.max(a, b));
  return highest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - highest), 0));
}

/** log of the integral of exp(-F) over one pixel; fields [hidden] with the pixel at `value`, weights [hidden] of that pixel. */
function logIntegral(fields, weights, value, bias, precision) {
  const mean = fields.reduce((sum, a, j) => sum + weights[j] / (1 + Math.exp(-a)), bias) / precision;
  const width = STEP / Math.sqrt(precision);
  const first = mean - REACH * width;
  const odds = fields.map((a, j) => Math.exp(a + weights[j] * (first - value)));
  const factors = weights.map((w) => Math.exp(w * width));
  const terms = new Float64Array(2 * REACH + 1);
  for (let k = 0; k < terms.length; k++) {
    const v = first + k * width;
    terms[k] = v * (bias - (precision * v) / 2) + logProduct(odds);
    for (let j = 0; j < odds.length; j++) odds[j] *= factors[j];
  }
  const total = logSumExp(terms);
  const ends = Math.max(terms[0], terms.at(-1)) - total;
  if (!(ends < Math.log(1e-9))) throw new RangeError(`a conditional density reaches beyond the points of the quadrature (${ends} nats)`);
  return total + Math.log(width);
}

/** Exact log-pseudo-likelihood and free energy of every row of [n, visible]; `model` is { weights [visible, hidden], bias, precision, hiddenBias }. */
export function ofMachine({ weights, bias, precision, hiddenBias }, rows) {
  const [visible, hidden] = [bias.length, hiddenBias.length];
  const ofPixel = Array.from(bias, (_, i) => weights.subarray(i * hidden, (i + 1) * hidden));
  const energies = new Float64Array(rows.length / visible);
  const likelihoods = energies.map((_, r) => {
    const row = rows.subarray(r * visible, (r + 1) * visible);
    const fields = Float64Array.from(hiddenBias);
    for (let i = 0; i < visible; i++) for (let j = 0; j < hidden; j++) fields[j] += row[i] * ofPixel[i][j];
    const here = logProduct(fields.map(Math.exp));
    energies[r] = -here;
    let sum = 0;
    for (let i = 0; i < visible; i++) {
      const own = row[i] * (bias[i] - (precision[i] * row[i]) / 2);
      energies[r] -= own;
      sum += own + here - logIntegral(fields, ofPixel[i], row[i], bias[i], precision[i]);
    }
    return sum;
  });
  return { likelihoods, energies };
}

/** Inverse of a positive definite [n, n] matrix by Gauss-Jordan elimination, in place. */
function invert(matrix, n) {
  for (let k = 0; k < n; k++) {
    const pivot = matrix[k * n + k];
    if (!(pivot > 0)) throw new RangeError('the covariance is not positive definite');
    matrix[k * n + k] = 1;
    for (let j = 0; j < n; j++) matrix[k * n + j] /= pivot;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = matrix[i * n + k];
      matrix[i * n + k] = 0;
      for (let j = 0; j < n; j++) matrix[i * n + j] -= factor * matrix[k * n + j];
    }
  }
  return matrix;
}

/** Precision matrix [n, n] of the centred rows' covariance with `ridge` added to its diagonal; `diagonal`: of independent pixels. */
export function gaussianPrecision(rows, n, ridge, diagonal = false) {
  const covariance = new Float64Array(n * n);
  const count = rows.length / n;
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < n; i++) {
      const a = rows[r * n + i] / count;
      if (diagonal) covariance[i * n + i] += a * rows[r * n + i];
      else for (let j = 0; j < n; j++) covariance[i * n + j] += a * rows[r * n + j];
    }
  }
  for (let i = 0; i < n; i++) covariance[i * n + i] += ridge;
  return invert(covariance, n);
}

/** Of every row [n, visible] under the Gaussian of mean 0 with that precision matrix. */
export function ofGaussian(precision, rows, visible) {
  return Float64Array.from({ length: rows.length / visible }, (_, r) => {
    let sum = 0;
    for (let i = 0; i < visible; i++) {
      let pull = 0;
      for (let j = 0; j < visible; j++) pull += precision[i * visible + j] * rows[r * visible + j];
      const own = precision[i * visible + i];
      sum += (Math.log(own / (2 * Math.PI)) - pull ** 2 / own) / 2;
    }
    return sum;
  });
}

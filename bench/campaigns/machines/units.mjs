// The unit types by their definitions in docs/math.md, in double precision: states of the discrete ones, integrals of the real ones by
// Gauss-Legendre quadrature. Nothing here knows the library.

export const realTypes = ['gaussian', 'relu', 'doubleRelu'];
export const isReal = (type) => realTypes.includes(type);
export const parametersOf = (type) => ({ gaussian: 2, relu: 2, doubleRelu: 4 })[type] ?? 1;

/** States of a discrete unit and the logarithms of their measure. `size`: categories, trials or words; `total`: of counts. */
export function statesOf(type, size, total) {
  if (type === 'bernoulli') return { values: [[0], [1]], logMeasure: [0, 0] };
  if (type === 'spin') return { values: [[-1], [1]], logMeasure: [0, 0] };
  if (type === 'binomial') {
    const all = Array.from({ length: size + 1 }, (_, n) => n);
    return { values: all.map((n) => [n]), logMeasure: all.map((n) => logFactorial(size) - logFactorial(n) - logFactorial(size - n)) };
  }
  const values = compositions(size, type === 'softmax' ? 1 : total);
  const measure = (s) => s.reduce((m, n) => m - logFactorial(n), logFactorial(total));
  return { values, logMeasure: values.map((s) => (type === 'softmax' ? 0 : measure(s))) };
}

/** All rows of `places` whole numbers with this sum. */
function compositions(places, total) {
  if (places === 1) return [[total]];
  return Array.from({ length: total + 1 }, (_, n) => total - n).flatMap((n) =>
    compositions(places - 1, total - n).map((rest) => [n, ...rest]),
  );
}

function logFactorial(n) {
  let sum = 0;
  for (let i = 2; i <= n; ++i) sum += Math.log(i);
  return sum;
}

const [nodes, weights] = gaussLegendre(48);

/** Nodes and weights on [-1, 1], by Newton's method from Chebyshev's nodes. */
export function gaussLegendre(n) {
  const [x, w] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; ++i) {
    let z = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 100; ++step) {
      let [p, q] = [1, 0];
      for (let k = 1; k <= n; ++k) [p, q] = [((2 * k - 1) * z * p - (k - 1) * q) / k, p];
      slope = (n * (z * p - q)) / (z * z - 1);
      const change = p / slope;
      z -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    x[i] = z;
    w[i] = 2 / ((1 - z * z) * slope * slope);
  }
  return [x, w];
}

/** log of the integral of exp(x s - a s^2 / 2) over s >= 0, and the mean first, second and fourth powers of s. */
export function halfLine(x, a) {
  const centre = Math.max(0, x / a);
  const reach = x < 0 ? (x + Math.sqrt(x * x + 80 * a)) / a : 9 / Math.sqrt(a);
  const low = x < 0 ? 0 : Math.max(0, centre - reach);
  const half = (centre + reach - low) / 2;
  const top = x * centre - (a * centre * centre) / 2;
  let [z, first, second, fourth] = [0, 0, 0, 0];
  for (let i = 0; i < nodes.length; ++i) {
    const s = low + half * (1 + nodes[i]);
    const w = weights[i] * Math.exp(x * s - (a * s * s) / 2 - top);
    z += w;
    first += w * s;
    second += w * s * s;
    fourth += w * s ** 4;
  }
  return { log: top + Math.log(z * half), first: first / z, second: second / z, fourth: fourth / z };
}

/** Its logarithm to about 1e-7, for draws. */
function logHalfLine(x, a) {
  const t = -x / Math.sqrt(2 * a);
  return t < 4 ? t * t + Math.log(Math.sqrt(Math.PI / (2 * a)) * erfc(t)) : halfLine(x, a).log;
}

/** The same over all s, for Gaussian units in closed form. */
function wholeLine(x, a) {
  const [m, v] = [x / a, 1 / a];
  return { log: (x * m) / 2 + Math.log(2 * Math.PI * v) / 2, first: m, second: m * m + v, fourth: m ** 4 + 6 * m * m * v + 3 * v * v };
}

/**
 * A real unit with parameters p under a field, at beta: log of its integral; the mean of s and of s^2; mean and mean square of each of
 * its statistics -dU/dp.
 */
export function integrate(type, p, field, beta) {
  const side = (sign, b, rho, line) => {
    const gamma = Math.exp(rho);
    const { log, first, second, fourth } = line(sign * beta * (field + b), beta * gamma);
    return {
      log,
      first: sign * first,
      second,
      means: [sign * first, (-gamma / 2) * second],
      squares: [second, (gamma * gamma * fourth) / 4],
    };
  };
  if (type === 'gaussian') return side(1, p[0], p[1], wholeLine);
  if (type === 'relu') return side(1, p[0], p[1], halfLine);
  const [up, down] = [side(1, p[0], p[1], halfLine), side(-1, p[2], p[3], halfLine)];
  const log = Math.max(up.log, down.log) + Math.log1p(Math.exp(-Math.abs(up.log - down.log)));
  const [u, d] = [Math.exp(up.log - log), Math.exp(down.log - log)];
  return {
    log,
    first: u * up.first + d * down.first,
    second: u * up.second + d * down.second,
    means: [...up.means.map((m) => u * m), ...down.means.map((m) => d * m)],
    squares: [...up.squares.map((m) => u * m), ...down.squares.map((m) => d * m)],
  };
}

/** -U(s) of a real unit, without the part of its field. */
export function logReal(type, p, s) {
  const [b, rho] = type === 'doubleRelu' && s < 0 ? [p[2], p[3]] : [p[0], p[1]];
  return b * s - (Math.exp(rho) * s * s) / 2;
}

/** Its statistics -dU/dp at s. */
export function realStatistics(type, p, s) {
  if (type !== 'doubleRelu') return [s, (-Math.exp(p[1]) * s * s) / 2];
  return s >= 0 ? [s, (-Math.exp(p[1]) * s * s) / 2, 0, 0] : [0, 0, s, (-Math.exp(p[3]) * s * s) / 2];
}

/** A draw of a real unit given its field. */
export function drawReal(type, p, field, beta, random) {
  const half = (sign, b, rho) => {
    const [x, a] = [sign * beta * (field + b), beta * Math.exp(rho)];
    const [m, deviation] = [x / a, 1 / Math.sqrt(a)];
    return sign * (m + deviation * random.normalAbove(-m / deviation));
  };
  if (type === 'gaussian') return (field + p[0]) / Math.exp(p[1]) + random.normal() / Math.sqrt(beta * Math.exp(p[1]));
  if (type === 'relu') return half(1, p[0], p[1]);
  const [up, down] = [
    logHalfLine(beta * (field + p[0]), beta * Math.exp(p[1])),
    logHalfLine(-beta * (field + p[2]), beta * Math.exp(p[3])),
  ];
  return random.uniform() < 1 / (1 + Math.exp(down - up)) ? half(1, p[0], p[1]) : half(-1, p[2], p[3]);
}

/** P(unit <= s | field) of a real unit. */
export function belowReal(type, p, field, beta, s) {
  const upperTail = (sign, b, rho, at) => {
    const [m, scale] = [(sign * (field + b)) / Math.exp(rho), Math.sqrt(beta * Math.exp(rho))];
    return erfc(((at - m) * scale) / Math.SQRT2) / erfc((-m * scale) / Math.SQRT2);
  };
  if (type === 'gaussian') return 1 - erfc(((s - (field + p[0]) / Math.exp(p[1])) * Math.sqrt(beta * Math.exp(p[1]))) / Math.SQRT2) / 2;
  if (type === 'relu') return 1 - upperTail(1, p[0], p[1], s);
  const [up, down] = [
    logHalfLine(beta * (field + p[0]), beta * Math.exp(p[1])),
    logHalfLine(-beta * (field + p[2]), beta * Math.exp(p[3])),
  ];
  const pDown = 1 / (1 + Math.exp(up - down));
  return s < 0 ? pDown * upperTail(-1, p[2], p[3], -s) : 1 - (1 - pDown) * upperTail(1, p[0], p[1], s);
}

/** Relative error below 1.2e-7 everywhere (Press et al., Numerical Recipes, section 6.2). */
export function erfc(x) {
  const t = 1 / (1 + Math.abs(x) / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ].reduceRight((sum, c) => sum * t + c, 0); // biome-ignore format: Horner's rule over one list
  const tail = t * Math.exp(-x * x + series);
  return x >= 0 ? tail : 2 - tail;
}

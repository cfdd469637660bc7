// The mean-field theory of Hopfield networks at zero temperature (Amit, Gutfreund & Sompolinsky, Physical Review Letters 55 (1985), 1530), and a
// picture of it: m = erf(y) with y (sqrt(2 alpha) + 2 / sqrt(pi) exp(-y^2)) = erf(y).

/** By its power series, which cancels where x is large: there by the asymptotic one. */
function erf(x) {
  if (x > 4) return 1 - (Math.exp(-x * x) / (x * Math.sqrt(Math.PI))) * (1 - 1 / (2 * x * x));
  let [sum, term] = [0, x];
  for (let k = 0; Math.abs(term) > 1e-17; k++) {
    sum += term / (2 * k + 1);
    term *= -(x * x) / (k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
/** The overlap m at load alpha: the largest solution. */
export function theory(alpha) {
  let y = 6;
  for (let i = 0; i < 20_000; i++) y = erf(y) / (Math.sqrt(2 * alpha) + (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y));
  return erf(y);
}

/**
 * Theory as a line, what was measured as dots: an SVG.
 *
 * @param {number[]} sizes - Units of the networks.
 * @param {number[]} loads
 * @param {number[][]} curves - By size: the overlap at each load; shorter ones end early.
 */
export function capacityPicture(sizes, loads, curves) {
  const [width, height, left, bottom] = [560, 340, 46, 36];
  const x = (alpha) => left + (alpha / 0.2) * (width - left - 12);
  const y = (m) => height - bottom - m * (height - bottom - 24);
  const fine = Array.from({ length: 401 }, (_, i) => 0.0005 * i + 1e-4);
  const path = fine.map((alpha) => `${x(alpha).toFixed(1)},${y(theory(alpha)).toFixed(1)}`).join(' ');
  const colours = ['#9ecae1', '#4292c6', '#08519c', '#08306b'];
  const dots = curves.flatMap((curve, k) =>
    curve.map((m, i) => `<circle cx="${x(loads[i]).toFixed(1)}" cy="${y(m).toFixed(1)}" r="3.5" fill="${colours[k]}"/>`),
  );
  const text = (at, up, words, more = '') => `<text x="${at}" y="${up}" ${more}>${words}</text>`;
  const ticks = [0, 0.05, 0.1, 0.15, 0.2].map((a) => text(x(a), height - bottom + 16, a, 'text-anchor="middle"'));
  const marks = [0, 0.5, 1].map((m) => text(left - 6, y(m) + 4, m, 'text-anchor="end"'));
  const legend = sizes.map((n, k) => text(left + 14, y(0.5) + 18 * k, `N = ${n}`, `fill="${colours[k]}"`));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<path d="M${left},${y(1)}V${y(0)}H${x(0.2)}" fill="none" stroke="#888"/>
<polyline points="${path}" fill="none" stroke="#d94801" stroke-width="1.5"/>
${[...dots, ...ticks, ...marks, ...legend].join('\n')}
${text(left + 14, y(0.5) + 18 * sizes.length, 'mean-field theory', 'fill="#d94801"')}
${text(x(0.1), height - 4, 'load α = patterns / units', 'text-anchor="middle"')}
${text(left, 14, 'overlap of what is recalled with what was stored')}
</svg>
`;
}

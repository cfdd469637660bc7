// The candidates for the defaults of `fit`, and the settings around them, for
// bench/quality/defaults.mjs.

/** The name of the machine on images, which has a short list of its own. */
export const images = 'mnist';

/** Labels of the candidates; all others are what they are compared with. */
export const candidates = ['l2 1/rows, at most 0.005', 'l2 columns/(40 rows)'];
export const former = '0.1.0';

const plan = (label, updates, rate, l2, more = {}) => ({ label, updates, rate, l2, batch: 100, chains: 100, ...more });

function imagePlans(rows) {
  const lengths = [20, 30, 10, 60].map((k) => plan(`${k}k`, k * 1000, 0.1, 35 / rows));
  return [...lengths, plan('30k, l2 columns/(40 rows)', 30_000, 0.1, usualDecay(784, rows))];
}

/**
 * A Gaussian prior on the weights whose precision grows with the columns, so that it allows all
 * hidden units the same spread of fields.
 */
const usualDecay = (columns, rows) => Math.min(0.03, columns / (40 * Math.max(rows, 100)));

/** `fit` of 0.1.0 without options: at most 700 passes, as many chains as rows in a minibatch. */
function formerPlan(rows, weights, real) {
  const updates = Math.min(350_000, 700 * Math.ceil(rows / 100));
  const l2 = real || weights <= 2 * rows ? 0 : Math.min(0.001, 35 / rows);
  return plan(former, updates, real ? 0.005 : 0.1, l2, { chains: 1 });
}

/**
 * Lengths, decays and rates around the candidates; `rate` is that of the candidates. Tables wider
 * than long are tried with more decay, too.
 */
function grid(rate, wide) {
  const of = (updates, l2, factor = 1) => plan(`${updates / 1000}k x ${rate * factor}, l2 ${l2}`, updates, rate * factor, l2);
  const decays = [0, 0.001, 0.003, 0.01, ...(wide ? [0.03] : [])].map((l2) => of(30_000, l2));
  return [...decays, of(10_000, 0.003), of(30_000, 0.003, 2), of(60_000, 0.001), of(60_000, 0.003)];
}

/**
 * All plans for a set with so many training rows and these units; `hidden` and `hard` of its
 * description.
 */
export function plansOf(name, rows, units, { hidden, hard } = {}) {
  if (name === images) return imagePlans(rows);
  const real = units.some(({ type }) => type === 'gaussian');
  const rate = real ? 0.05 : 0.1;
  const columns = units.reduce((sum, { places }) => sum + places, 0);
  const decays = [Math.min(0.005, 1 / rows), usualDecay(columns, rows)];
  const rates = real ? [0.005, 0.01, 0.02] : [];
  return [
    ...candidates.map((label, k) => plan(label, 30_000, rate, decays[k])),
    plan('20k', 20_000, rate, decays[1]),
    ...rates.map((lower) => plan(`rate ${lower}`, 30_000, lower, Math.min(0.005, 2 / rows))),
    formerPlan(rows, hidden * columns, real),
    ...(hard ? [] : grid(rate, columns > rows)),
  ];
}

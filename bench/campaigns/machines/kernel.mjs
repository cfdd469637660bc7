// The Gibbs kernel by definition, on the states that `enumerate` lists: units redrawn one after the other, in the order of the library's sweeps.
// Only for machines whose free units are all discrete.
import { enumerate } from './enumerate.mjs';

/** Free units by blocks of layers that are not coupled to each other, in rising order (docs/math.md, Gibbs sampling). */
export function sweepOrder({ machine: { layers, couplings }, units }, kept) {
  const coupled = (a, b) => couplings.some((c) => (c.a === a && c.b === b) || (c.a === b && c.b === a));
  const blocks = [];
  layers.forEach((_, l) => {
    if (!kept.some((u) => units[u].layer === l)) return;
    const block = blocks.find((others) => !others.some((m) => coupled(l, m)));
    if (block) block.push(l);
    else blocks.push([l]);
  });
  return blocks.flat().flatMap((l) => kept.filter((u) => units[u].layer === l));
}

/** A distribution over the rows of `all` after `sweeps` of them. */
export function swept(all, p, sweeps) {
  const { model, kept, logs, n } = all;
  const top = logs.reduce((a, b) => Math.max(a, b));
  const w = logs.map((x) => Math.exp(Math.max(x - top, -700)));
  const strides = new Map();
  let stride = 1;
  for (const u of kept) {
    const size = model.units[u].states.values.length;
    strides.set(u, { stride, size });
    stride *= size;
  }
  const order = sweepOrder(model, kept);
  const next = Float64Array.from(p);
  for (let s = 0; s < sweeps; ++s) for (const u of order) redraw(next, w, n, strides.get(u));
  return next;
}

function redraw(p, w, n, { stride, size }) {
  const span = stride * size;
  for (let high = 0; high < n; high += span) {
    for (let low = high; low < high + stride; ++low) {
      let [mass, weight] = [0, 0];
      for (let at = low; at < low + span; at += stride) {
        mass += p[at];
        weight += w[at];
      }
      for (let at = low; at < low + span; at += stride) p[at] = (mass * w[at]) / weight;
    }
  }
}

export const distance = (p, q) => p.reduce((sum, x, i) => sum + Math.abs(x - q[i]), 0) / 2;

/** The most sweeps that chains get to forget where they began. */
export const patience = 64;

/**
 * Twice the number of sweeps after which chains are within 10^-4 of every table, in total variation, from four starts: at begun(table), evenly, and in the
 * likeliest state of either half of the states. Twice, because the library draws layers in turn, which may be a worse start than these. Null: more than
 * there is patience for.
 */
export function sweepsToForget(tables, begun) {
  let sweeps = 0;
  for (const table of tables) {
    for (const start of [begun(table), evenly(table), likeliest(table, 0), likeliest(table, 1)]) {
      let p = start;
      for (let done = 0; distance(p, table.p) > 1e-4; done += 4) {
        if (done >= patience) return null;
        p = swept(table, p, 4);
        sweeps = Math.max(sweeps, done + 4);
      }
    }
  }
  return 2 * Math.max(4, sweeps);
}

const evenly = ({ n }) => new Float64Array(n).fill(1 / n);

function likeliest({ n, p }, half) {
  const [from, to] = half === 0 ? [0, Math.ceil(n / 2)] : [Math.floor(n / 2), n];
  let best = from;
  for (let r = from; r < to; ++r) if (p[r] > p[best]) best = r;
  return new Float64Array(n).map((_, r) => Number(r === best));
}

/** The same states, units without couplings: what chains start from. */
export function independent(model, given = null) {
  return enumerate(
    { ...model, pairs: [], neighbours: model.neighbours.map(() => new Set()), coupledTo: model.coupledTo.map(() => []) },
    1,
    given,
  );
}

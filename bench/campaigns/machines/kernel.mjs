// The Gibbs kernel by definition, on the states that `enumerate` lists: units redrawn one after the other, in the order of the library's sweeps.
// Only for machines whose free units are all discrete.
import { statesOf } from './units.mjs';

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
    const { type, places, states } = model.units[u];
    const size = states?.values.length ?? statesOf(type, places).values.length;
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

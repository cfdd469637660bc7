// Estimates of log Z: whether their 95 % intervals hold the truth. One interval says nothing; the report counts them.
import { build } from './build.mjs';
import { factsOf } from './facts.mjs';

/** As few chains and temperatures as make estimates uncertain, so that intervals have something to say. */
const settings = { chains: 40, betas: 40, warmup: 200 };

/** Result of one estimate; null where a machine has none. `method`: 'ais' or 'ladder'. */
export async function interval(model, all, where, method) {
  const facts = factsOf(model);
  if (facts.anyCounts || facts.realsCoupled) return null;
  const machine = build(model.machine, where, model.machine.seed * 16 + 15);
  try {
    const { value, low, high, converged } = await machine.logZ({ method, ...settings });
    // Estimates of machines without couplings to speak of are exact but for rounding.
    const slack = 1e-5 * (1 + Math.abs(all.logZ));
    const holds = low - slack <= all.logZ && all.logZ <= high + slack;
    return { holds, converged, detail: `${value} [${low}, ${high}], exactly ${all.logZ}` };
  } finally {
    machine.dispose();
  }
}

// One step of contrastive divergence and of persistent chains, against its exact expectation: data pushed through the kernel, counted.
import { build, byLayer, parametersOf } from './build.mjs';
import { independent, joined } from './chains.mjs';
import { draws, enumerate, moments } from './enumerate.mjs';
import { factsOf, givenLayers, plainStep, someLayers } from './exact.mjs';
import { swept } from './kernel.mjs';
import { Random } from './random.mjs';
import { pOfZ } from './verdict.mjs';

const patterns = 3;
const mostRows = 800;

/** As `chainChecks`. */
export function learningChecks(model, all, where, seed) {
  const random = new Random(seed, 5);
  const facts = factsOf(model);
  const { machine } = model;
  if (facts.anyReal || all.n > mostRows || machine.couplings.some(({ edges }) => edges)) return {};
  const found = someLayers(machine.layers, random, (chosen, rest) => facts.independent(rest) && !rest.some((l) => facts.counts[l]));
  if (!found) return {};
  const steps = random.pick([1, 2, 3]);
  const rows = draws(all, patterns, random);
  const posteriors = Array.from({ length: patterns }, (_, r) => {
    const state = rows.slice(r * model.places, (r + 1) * model.places);
    return posterior(all, givenLayers(model, state, found.chosen));
  });
  const positive = mixture(posteriors.map((p) => moments({ ...all, p })));
  const plan = { model, where, rows, chosen: found.chosen, steps, positive };
  const pushed = posteriors.map((p) => swept(all, p, steps));
  const updates = random.pick([1, 3]);
  const begun = independent(model).p;
  return {
    'cd step': step(plan, 'cd', 1, () => mixture(pushed.map((p) => moments({ ...all, p })))),
    'pcd step': step(plan, 'pcd', updates, () => moments({ ...all, p: swept(all, begun, steps * updates) })),
  };
}

/** p(state | given) over all states. */
function posterior(all, given) {
  const { model, values, p } = all;
  const agrees = p.map((w, r) => (given.every((x, i) => Number.isNaN(x) || x === values[r * model.places + i]) ? w : 0));
  const z = agrees.reduce((a, b) => a + b);
  return agrees.map((w) => w / z);
}

/** Means of equally many draws of each: variances are those within. */
function mixture(lists) {
  return lists[0].map((_, k) => ({
    mean: lists.reduce((sum, list) => sum + list[k].mean / lists.length, 0),
    variance: lists.reduce((sum, list) => sum + list[k].variance / lists.length, 0),
    reach: Math.max(...lists.map((list) => list[k].reach)),
  }));
}

/** The last of `updates`, the only one with a learning rate. Some layers count by their means: variances of draws are bounds. */
function step({ model, where, rows, chosen, steps, positive }, algorithm, updates, expectation) {
  return async (n, salt) => {
    const each = Math.floor(n / patterns);
    const count = each * patterns;
    const repeated = new Float64Array(count * model.places);
    for (let r = 0; r < each; ++r) repeated.set(rows, r * patterns * model.places);
    const machine = build(model.machine, where, model.machine.seed * 16 + 12 + salt);
    try {
      const before = parametersOf(machine, model);
      const learningRate = Array.from({ length: updates }, (_, u) => (u === updates - 1 ? 1 : 0));
      const options = { ...plainStep, algorithm, steps, batchSize: count, chains: count, epochs: updates, learningRate };
      if (algorithm === 'cd') delete options.chains;
      await machine.fit(byLayer(model, repeated, count, chosen), options);
      const after = parametersOf(machine, model);
      const negative = expectation();
      const tests = negative.flatMap(({ mean, variance, reach }, k) => {
        const exactly = positive[k].mean - mean;
        const moved = after[k] - before[k];
        const rounding = 1e-5 * (1 + Math.abs(mean) + Math.abs(before[k]));
        if (!(count * variance > 12 * reach * reach)) return [];
        const z = (moved - exactly) / Math.hypot(Math.sqrt(variance / count), rounding);
        return [
          { p: pOfZ(z), z, detail: `parameter ${k}: step ${moved.toPrecision(5)}, expected ${exactly.toPrecision(5)}, z ${z.toFixed(1)}` },
        ];
      });
      return joined(tests);
    } finally {
      machine.dispose();
    }
  };
}

export { enumerate };

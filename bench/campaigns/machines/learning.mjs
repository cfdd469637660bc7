// One step of contrastive divergence, persistent chains and tempered ones against its exact expectation: data, with values missing or not, and start
// states pushed through the kernel.
import { build, byLayer, parametersOf } from './build.mjs';
import { enumerate } from './enumerate.mjs';
import { factsOf, givenLayers, plainStep, someLayers } from './facts.mjs';
import { joined } from './judge.mjs';
import { independent, sweepsToForget, swept } from './kernel.mjs';
import { moments } from './moments.mjs';
import { Random } from './random.mjs';
import { draws } from './states.mjs';
import { pOfZ } from './verdict.mjs';

const patterns = 3;
const mostRows = 800;

/** Checks of draws by kind; one is missing where the machine does not allow it. */
export function learningChecks(model, all, where, seed) {
  const random = new Random(seed, 5);
  const facts = factsOf(model);
  const { machine } = model;
  if (facts.anyReal || all.n > mostRows) return {};
  const found = someLayers(machine.layers, random, (_, rest) => !rest.some((l) => facts.counts[l]));
  if (!found) return {};
  const givens = somePatterns(model, all, found.chosen, random);
  const posteriors = givens.map((given) => posterior(all, given));
  // What is not given is drawn, from independent units, unless it is independent in truth.
  const positiveSteps = sweepsToForget(givens.map((given) => enumerate(model, 1, given)), (table) => independent(model, table.given).p); // biome-ignore format: one line
  if (positiveSteps === null) return {};
  const sampled = !facts.independent(found.rest) || lacks(model, givens, found.chosen);
  // What is independent enters by its means, and varies not at all.
  const positive = mixture(posteriors.map((p) => moments({ ...all, p }))).map((m) => (sampled ? m : { ...m, variance: 0 }));
  const steps = random.pick([1, 2, 3]);
  const plan = { model, where, givens, chosen: found.chosen, positive, positiveSweeps: positiveSteps };
  const begun = independent(model).p;
  const checks = {};
  // The order in which a graph's units are drawn is the library's own business.
  if (!machine.couplings.some(({ edges }) => edges)) {
    const updates = random.pick([1, 3]);
    const pushed = posteriors.map((p) => swept(all, p, steps));
    checks['cd step'] = step(plan, { name: 'cd', sweeps: steps }, 1, () => mixture(pushed.map((p) => moments({ ...all, p }))));
    checks['pcd step'] = step(plan, { name: 'pcd', sweeps: steps }, updates, () =>
      moments({ ...all, p: swept(all, begun, steps * updates) }),
    );
  }
  const temperatures = [0.3, 0.65, 1];
  const long = sweepsToForget(temperatures.map((beta) => enumerate(model, beta)), () => begun); // biome-ignore format: one line
  if (long !== null) checks['pt step'] = step(plan, { name: 'pt', sweeps: long, betas: temperatures }, 1, () => moments(all));
  return checks;
}

/** Rows of some layers, of places of all layers with NaN for what is not given; some lack a few values. */
function somePatterns(model, all, chosen, random) {
  const rows = draws(all, patterns, random);
  const lacking = random.coin(0.3);
  return Array.from({ length: patterns }, (_, r) => {
    const given = givenLayers(model, rows.slice(r * model.places, (r + 1) * model.places), chosen);
    if (!lacking) return given;
    for (const { type, layer, first, places } of model.units) {
      if (type !== 'counts' && chosen.includes(layer) && random.coin(0.3)) given.fill(Number.NaN, first, first + places);
    }
    return given;
  });
}

const lacks = ({ units }, givens, chosen) =>
  givens.some((given) => units.some(({ layer, first }) => chosen.includes(layer) && Number.isNaN(given[first])));

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

/** The last of `updates`, the only one with a learning rate. What counts by its means varies less than draws do: variances are bounds. */
function step({ model, where, givens, chosen, positive, positiveSweeps }, kind, updates, expectation) {
  return async (draws, salt) => {
    const n = kind.name === 'pt' ? draws / 2 : draws; // there are many more chains, at other temperatures
    const each = Math.floor(n / patterns);
    const count = each * patterns;
    const repeated = new Float64Array(count * model.places);
    for (let r = 0; r < count; ++r) repeated.set(givens[r % patterns], r * model.places);
    const machine = build(model.machine, where, model.machine.seed * 16 + 12 + salt);
    try {
      const before = parametersOf(machine, model);
      const learningRate = Array.from({ length: updates }, (_, u) => (u === updates - 1 ? 1 : 0));
      const algorithm = kind.name === 'cd' ? kind : { ...kind, chains: count };
      const run = { algorithm, positiveSweeps, batchSize: count, epochs: updates, learningRate };
      await machine.fit(byLayer(model, repeated, count, chosen), { ...plainStep, ...run });
      const after = parametersOf(machine, model);
      const negative = expectation();
      const tests = negative.flatMap(({ mean, variance: own, reach }, k) => {
        const variance = own + positive[k].variance;
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

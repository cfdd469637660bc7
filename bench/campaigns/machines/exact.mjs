// Numbers that the library promises exactly, against sums over all states.
import { build, byLayer, parametersOf, setParameters } from './build.mjs';
import { enumerate } from './enumerate.mjs';
import { factsOf, givenLayers, indices, plainStep, someLayers } from './facts.mjs';
import { meansOf, moments, sizeOf, statisticsOf } from './moments.mjs';
import { draws, energyOf } from './states.mjs';
import { isReal } from './units.mjs';

const few = 4;

/** Runs every exact check that the machine allows. `note(kind, comparisons, error, detail)` takes relative errors. */
export async function exactChecks(model, all, where, random, note) {
  const machine = build(model.machine, where, model.machine.seed);
  try {
    const rows = draws(all, few, random).map(Math.fround);
    const context = { model, all, machine, rows, random, note, layers: model.machine.layers, facts: factsOf(model) };
    for (const [kind, check] of Object.entries(checks)) {
      try {
        await check(context, (comparisons, error, detail) => note(kind, comparisons, error, detail));
      } catch (error) {
        note(kind, 1, Number.NaN, `threw ${error.message}`);
      }
    }
  } finally {
    machine.dispose();
  }
}

const rowOf = (rows, r, places) => rows.slice(r * places, (r + 1) * places);

/** The largest error of values against what is expected, each over its scale. */
function compare(pass, values, expected, what) {
  let worst = { error: -1 };
  expected.forEach(({ value, scale }, i) => {
    const error = Math.abs(values[i] - value) / scale;
    if (!(error <= worst.error)) worst = { error, detail: `${what} ${i}: ${values[i]}, exactly ${value}` };
  });
  pass(expected.length, worst.error, worst.detail);
}

const checks = {
  energy: async ({ model, machine, rows }, pass) => {
    const energies = await machine.energy(byLayer(model, rows, few));
    const expected = indices(Array.from({ length: few })).map((r) => energyOf(model, rowOf(rows, r, model.places)));
    compare(
      pass,
      energies.data,
      expected.map(({ energy, size }) => ({ value: energy, scale: 1 + size })),
      'energy',
    );
  },

  'free energy': async ({ model, machine, rows, random, layers, facts }, pass) => {
    const found = someLayers(layers, random, (_, rest) => rest.length > 0 && facts.independent(rest) && !rest.some((l) => facts.counts[l]));
    if (!found) return;
    const values = await machine.freeEnergy(byLayer(model, rows, few, found.chosen));
    const expected = perRow(model, rows, found.chosen, (given) => ({
      value: -given.logZ,
      scale: 1 + Math.abs(given.logZ) + sizeOf(given),
    }));
    compare(pass, values.data, expected, `free energy of ${found.chosen}`);
  },

  mean: async ({ model, machine, rows, random, layers, facts }, pass) => {
    const fit = indices(layers).filter((l) => !facts.counts[l] && !facts.coupled(l, l) && indices(layers).some((m) => facts.coupled(l, m)));
    if (fit.length === 0) return;
    const target = random.pick(fit);
    const others = indices(layers).filter((l) => l !== target);
    const neighbours = others.filter((l) => facts.coupled(l, target));
    const means = await machine.mean(layers[target].name, byLayer(model, rows, few, neighbours));
    const { starts } = model;
    const expected = perRow(model, rows, others, (given) => {
      const all = meansOf(given).slice(starts[target], starts[target] + layers[target].places);
      return [...all].map((value) => ({ value, scale: (1 + Math.abs(value)) * (1 + sizeOf(given)) }));
    }).flat();
    compare(pass, means.data, expected, `mean of layer ${target}`);
  },

  probabilities: async ({ model, machine, rows, random, layers, facts }, pass) => {
    const fit = indices(layers).filter((l) => layers[l].type === 'softmax' && layers[l].units === 1 && !facts.coupled(l, l));
    if (fit.length === 0) return;
    const target = random.pick(fit);
    const found = someLayers(layers, random, (chosen, rest) => {
      const summed = rest.filter((l) => l !== target);
      return !chosen.includes(target) && facts.independent(summed) && !summed.some((l) => facts.counts[l]);
    });
    if (!found) return;
    const values = await machine.probabilities(layers[target].name, byLayer(model, rows, few, found.chosen));
    const expected = perRow(model, rows, found.chosen, (given) => {
      const all = meansOf(given).slice(model.starts[target], model.starts[target] + layers[target].places);
      return [...all].map((value) => ({ value, scale: 1 + sizeOf(given) }));
    }).flat();
    compare(pass, values.data, expected, `category of layer ${target}`);
  },

  'log Z': async ({ machine, all, facts }, pass) => {
    if (facts.anyCounts || facts.realsCoupled) return;
    const { value } = await machine.logZ({ method: 'exact' });
    compare(pass, [value], [{ value: all.logZ, scale: 1 + Math.abs(all.logZ) + sizeOf(all) }], 'log Z');
  },

  likelihood: async ({ model, machine, all, rows, random, layers, facts }, pass) => {
    if (facts.anyCounts || facts.realsCoupled) return;
    const found = someLayers(layers, random, () => true);
    const { logLikelihoods: values } = await machine.evaluate(byLayer(model, rows, few, found.chosen), { method: 'exact' });
    const expected = perRow(model, rows, found.chosen, (given) => ({
      value: given.logZ - all.logZ,
      scale: 1 + Math.abs(all.logZ) + sizeOf(all) + Math.abs(given.logZ) + sizeOf(given),
    }));
    compare(pass, values.data, expected, `log-likelihood of layers ${found.chosen}`);
  },

  'pseudo-likelihood': async ({ model, machine, rows, random, layers, facts }, pass) => {
    if (facts.anyCounts) return;
    const allowed = (chosen, rest) => facts.independent(rest) && !chosen.some((l) => isReal(layers[l].type));
    const everything = { chosen: indices(layers) };
    const { chosen } = (random.coin() && someLayers(layers, random, allowed)) || everything;
    const values = await machine.pseudoLikelihood(byLayer(model, rows, few, chosen), { exact: true });
    const expected = Array.from({ length: few }, (_, r) => {
      const state = rowOf(rows, r, model.places);
      const whole = enumerate(model, 1, givenLayers(model, state, chosen));
      let [value, scale] = [0, 1];
      for (const unit of unitsIn(model, chosen)) {
        const without = enumerate(model, 1, withoutUnit(givenLayers(model, state, chosen), unit));
        value += whole.logZ - without.logZ;
        scale += Math.abs(whole.logZ) + sizeOf(whole) + Math.abs(without.logZ) + sizeOf(without);
      }
      return { value, scale };
    });
    compare(pass, values.data, expected, `pseudo-likelihood of layers ${chosen}`);
  },

  'no states': async ({ model, machine, rows, layers }, pass) => {
    const target = layers.findIndex(({ type }) => type === 'softmax');
    if (target < 0) return;
    const { name, size } = layers[target];
    const taken = [];
    for (const group of [new Array(size).fill(0), [1, 1, ...new Array(size - 2).fill(0)]]) {
      const given = byLayer(model, rows, few);
      given[name].data.set(group);
      for (const call of ['energy', 'freeEnergy', 'pseudoLikelihood', 'evaluate']) {
        const code = await machine[call](given).then(
          () => undefined,
          (error) => error.code,
        );
        if (typeof code !== 'string') taken.push(`${call} takes (${group})`);
      }
    }
    pass(8, taken.length, `${taken.join(', ')} for a state of '${name}'`);
  },

  'exact gradient': async (context, pass) => {
    const { model, all, rows, random, layers, facts } = context;
    if (facts.anyCounts || facts.realsCoupled) return;
    const { chosen } = someLayers(layers, random, () => true);
    const data = perRow(model, rows, chosen, (given) => ({ terms: moments(given), size: sizeOf(given) }));
    const negative = moments(all);
    const size = sizeOf(all);
    const expected = negative.map(({ mean, variance }, t) => {
      const positive = data.reduce((sum, { terms }) => sum + terms[t].mean, 0) / few;
      const scale =
        Math.sqrt(variance) * (1 + size) + data.reduce((sum, { terms, size: own }) => sum + Math.abs(terms[t].mean) * (1 + own), 0) / few;
      return { value: positive - mean, scale: 1 + Math.abs(mean) + scale };
    });
    await compareStep(context, pass, { algorithm: 'exact' }, chosen, expected);
  },

  'pseudo-likelihood gradient': async (context, pass) => {
    const { model, rows, layers, facts } = context;
    if (facts.anyCounts) return;
    const sums = perState(model, rows, (state) => {
      const own = statisticsOf(model, state);
      const total = own.map(() => ({ value: 0, scale: 1 }));
      for (const unit of model.units) {
        const without = enumerate(model, 1, withoutUnit(Float64Array.from(state), unit));
        const size = 1 + sizeOf(without);
        moments(without).forEach(({ mean, variance }, t) => {
          total[t].value += own[t] - mean;
          total[t].scale += (Math.abs(own[t]) + Math.abs(mean)) * 1 + Math.sqrt(variance) * size;
        });
      }
      return total;
    });
    const expected = sums[0].map((_, t) => ({
      value: sums.reduce((sum, row) => sum + row[t].value, 0) / few,
      scale: sums.reduce((sum, row) => sum + row[t].scale, 0) / few,
    }));
    await compareStep(context, pass, { algorithm: 'pseudo-likelihood' }, indices(layers), expected);
  },
};

/** Whether a real-valued place has one value in all rows: its precision is held, so no step shows a gradient of it. */
function anyConstant(model, rows, layers, chosen) {
  const values = perState(model, rows, (state) => Array.from(state));
  const constant = (place) => values.every((row) => row[place] === values[0][place]);
  const places = (l) => Array.from({ length: layers[l].places }, (_, j) => model.starts[l] + j);
  return chosen.some((l) => isReal(layers[l].type) && places(l).some(constant));
}

/** One plain step from the machine's parameters, over the learning rate. */
async function compareStep({ model, rows, facts, layers, machine }, pass, options, chosen, expected) {
  if (facts.anyReal && anyConstant(model, rows, layers, chosen)) return;
  // Real units: a small step, for precisions are parameters too.
  const learningRate = facts.anyReal ? 2 ** -8 : 1;
  const before = parametersOf(machine, model);
  await machine.fit(byLayer(model, rows, few, chosen), { ...plainStep, ...options, learningRate, batchSize: few });
  const after = parametersOf(machine, model);
  setParameters(machine, model.machine);
  // Parameters come back in single precision: their rounding counts as part of the scale.
  const rounding = (i) => Math.max(Math.abs(before[i]), Math.abs(after[i])) / learningRate;
  compare(
    pass,
    after.map((x, i) => (x - before[i]) / learningRate),
    expected.map(({ value, scale }, i) => ({ value, scale: scale + rounding(i) })),
    'derivative by parameter',
  );
}

function perState(model, rows, of) {
  return Array.from({ length: few }, (_, r) => of(rowOf(rows, r, model.places)));
}

function perRow(model, rows, chosen, of) {
  return perState(model, rows, (state) => of(enumerate(model, 1, givenLayers(model, state, chosen))));
}

const unitsIn = (model, chosen) => model.units.filter(({ layer }) => chosen.includes(layer));

function withoutUnit(given, { first, places }) {
  given.fill(Number.NaN, first, first + places);
  return given;
}

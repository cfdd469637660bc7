// Missing values and marginals, against means given what is there.
import { build, byLayer, fromLayers } from './build.mjs';
import { enumerate } from './enumerate.mjs';
import { factsOf, givenLayers, someLayers } from './facts.mjs';
import { joined, judgedLayer } from './judge.mjs';
import { independent, patience, sweepsToForget } from './kernel.mjs';
import { drawn } from './states.mjs';

/** A check of draws; null where the machine does not allow it. */
export function imputation(model, all, where, random) {
  const { machine, units } = model;
  const { layers } = machine;
  const facts = factsOf(model);
  if (all.gridded || (facts.anyReal && machine.strength !== 'weak')) return null;
  const found = someLayers(layers, random, (chosen, rest) => !rest.some((l) => facts.counts[l]) && !chosen.every((l) => facts.counts[l]));
  if (!found) return null;
  const state = drawn(all, 1, random);
  const given = givenLayers(model, state, found.chosen);
  for (const unit of units) {
    if (unit.type !== 'counts' && found.chosen.includes(unit.layer) && random.coin())
      given.fill(Number.NaN, unit.first, unit.first + unit.places);
  }
  if (!given.some(Number.isNaN)) return null;
  const table = enumerate(model, 1, given);
  const warmup = facts.anyReal ? patience : table.n > 1000 ? null : sweepsToForget([table], () => independent(model, given).p);
  if (warmup === null) return null;
  const target = found.rest.length > 0 && random.coin(0.3) ? random.pick(found.rest) : null;
  const output = random.pick(['mean', 'sample']);
  const averages = target !== null || output === 'mean';
  return async (n, salt) => {
    const repeated = new Float64Array(n * model.places);
    for (let r = 0; r < n; ++r) repeated.set(given, r * model.places);
    const built = build(machine, where, machine.seed * 16 + 4 + salt);
    const names = target === null ? found.chosen : [target];
    try {
      const input = byLayer(model, repeated, n, found.chosen);
      const times = { warmup, sweeps: 2 };
      const result =
        target === null
          ? await built.impute(input, { ...times, output })
          : { [layers[target].name]: await built.marginals(layers[target].name, input, times) };
      fromLayers(model, (name) => result[name]?.data, repeated);
      return joined(names.flatMap((l) => judgedLayer(table, layers[l].name, repeated, 0, 1, averages)));
    } finally {
      built.dispose();
    }
  };
}

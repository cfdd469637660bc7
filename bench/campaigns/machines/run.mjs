// One machine after the other: its checks, second looks, and what came of them.
import { places } from './build.mjs';
import { chainChecks, draw } from './chains.mjs';
import { enumerate, modelOf } from './enumerate.mjs';
import { exactChecks } from './exact.mjs';
import { randomMachine } from './generate.mjs';
import { learningChecks } from './learning.mjs';
import { Random } from './random.mjs';
import { again, confirming, precision, screening } from './verdict.mjs';

/**
 * Everything about the machine with this number.
 *
 * @returns { seed, wiring, types, results }, a result being { kind, device, comparisons, error or p and z, wrong, detail }.
 */
export async function runMachine(seed, draws = draw) {
  const machine = randomMachine(seed);
  const results = [];
  const model = modelOf(machine);
  const all = enumerate(model);
  for (const where of [places[seed % 2], places[2]]) {
    await exactChecks(model, all, where, new Random(seed, 6), (kind, comparisons, error, detail) => {
      const limit = precision(kind, where.device);
      results.push({ kind, device: where.device, comparisons, error, limit, wrong: !(error <= limit), detail });
    });
  }
  const where = places[seed % 3];
  const checks = { ...chainChecks(model, all, where, seed), ...learningChecks(model, all, where, seed) };
  for (const [kind, look] of Object.entries(checks)) if (look) results.push({ kind, device: where.device, ...(await judged(look, draws)) });
  const types = [...new Set(machine.layers.map(({ type }) => type))];
  return { seed, wiring: machine.wiring, strength: machine.strength, types, results };
}

/** A check of draws: a first look, and a second one where the first is unlikely. */
export async function judged(look, draws) {
  try {
    const first = await look(draws, 0);
    if (!(first.p < screening)) return { ...first, twice: false, wrong: false };
    const second = await look(again * draws, 1);
    return { ...second, chi: first.chi, freedom: first.freedom, first: first.p, twice: true, wrong: !(second.p >= confirming) };
  } catch (error) {
    return { p: 0, comparisons: 1, z: 0, chi: 0, freedom: 0, twice: false, wrong: true, detail: `threw ${error.message}` };
  }
}

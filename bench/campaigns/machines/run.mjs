// One machine after the other: its checks, second looks, and what came of them.
import { places } from './build.mjs';
import { gibbs } from './chains.mjs';
import { enumerate } from './enumerate.mjs';
import { equalChains, randomEqual } from './equal.mjs';
import { exactChecks } from './exact.mjs';
import { randomMachine } from './generate.mjs';
import { imputation } from './imputation.mjs';
import { interval } from './intervals.mjs';
import { compareStates } from './judge.mjs';
import { clampedDraws, largeExact, randomLarge } from './large.mjs';
import { largeSteps } from './large-step.mjs';
import { learningChecks } from './learning.mjs';
import { modelOf } from './model.mjs';
import { Random } from './random.mjs';
import { draws } from './states.mjs';
import { tempering } from './tempering.mjs';
import { again, confirming, precision, screening } from './verdict.mjs';

/** Draws of a first look. */
const draw = 3000;

/**
 * Everything about the machine with this number.
 *
 * @returns { seed, wiring, types, results }, a result being { kind, device, comparisons, error or p and z, wrong, detail }.
 */
export async function runMachine(seed, count = draw) {
  if (seed % 40 === 13) return runLarge(randomLarge(seed), count);
  if (seed % 40 === 33) return runLarge(randomEqual(seed), count);
  const machine = randomMachine(seed);
  const results = [];
  const model = modelOf(machine);
  const all = enumerate(model);
  for (const where of [places[seed % 2], places[2]]) {
    await exactChecks(model, all, where, new Random(seed, 6), (kind, comparisons, error, detail) => {
      results.push(exactResult(kind, where, comparisons, error, detail));
    });
  }
  const where = places[seed % 3];
  const random = new Random(seed, 2);
  const checks = {
    gibbs: gibbs(model, all, where, random),
    tempering: tempering(model, all, where, random),
    imputation: imputation(model, all, where, random),
    ...learningChecks(model, all, where, seed),
  };
  for (const [kind, look] of Object.entries(checks)) if (look) results.push({ kind, device: where.device, ...(await judged(look, count)) });
  const method = { 5: 'ais', 15: 'ladder' }[seed % 20]; // estimates take longer than all the rest
  if (method) {
    const kind = `interval of ${method}`;
    try {
      const estimate = await interval(model, all, where, method);
      if (estimate) results.push({ kind, device: where.device, comparisons: 1, wrong: false, ...estimate });
    } catch (error) {
      results.push(exactResult(kind, where, 1, Number.NaN, `threw ${error.message}`));
    }
  }
  const types = [...new Set(machine.layers.map(({ type }) => type))];
  return { seed, wiring: machine.wiring, strength: machine.strength, types, results };
}

async function runLarge(large, count) {
  const { seed, wiring, strength, layers } = large;
  const results = [];
  // The reference does not round, so most of them are for the CPU.
  const where = seed % 200 < 40 ? places[2] : places[seed % 3 ? 0 : 1];
  if (large.rows) {
    for (const check of [largeExact, largeSteps]) {
      const note = (kind, comparisons, error, detail) => results.push(exactResult(kind, where, comparisons, error, detail));
      await check(large, where, note).catch((error) => note('large machine', 1, Number.NaN, `threw ${error.message}`));
    }
  }
  const [kind, look] = large.rows ? ['rounded weights', clampedDraws(large, where)] : ['rounded equal weights', equalChains(large, where)];
  results.push({ kind, device: where.device, ...(await judged(look, count)) });
  return { seed, wiring, strength, types: [...new Set(layers.map(({ type }) => type))], results };
}

function exactResult(kind, { device }, comparisons, error, detail) {
  const limit = precision(kind, device);
  return { kind, device, comparisons, error, limit, wrong: !(error <= limit), detail };
}

/** A check of draws: a first look, and a second one where the first is unlikely. */
async function judged(look, count) {
  try {
    const first = await look(count, 0);
    if (!(first.p < screening)) return { ...first, twice: false, wrong: false };
    const second = await look(again * count, 1);
    return { ...second, chi: first.chi, freedom: first.freedom, first: first.p, twice: true, wrong: !(second.p >= confirming) };
  } catch (error) {
    return { p: 0, comparisons: 1, z: 0, chi: 0, freedom: 0, twice: false, wrong: true, detail: `threw ${error.message}` };
  }
}

/**
 * The p-value that draws get which do not come from the library: from the machine's own distribution at `beta`, judged by that at 1. Says how often
 * checks of draws cry wolf, and that they can cry. Null of machines whose draws the oracle cannot make exactly, with real units on a grid.
 */
export function pOfOwnDraws(seed, beta, n = draw) {
  const model = modelOf(randomMachine(seed));
  const random = new Random(seed, 11);
  const all = enumerate(model);
  return all.gridded ? null : compareStates(all, draws(enumerate(model, beta), n, random)).p;
}

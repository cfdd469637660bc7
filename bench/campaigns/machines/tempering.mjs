// Tempered chains: every rung against its own distribution.
import { build, byLayer, fromLayers } from './build.mjs';
import { enumerate } from './enumerate.mjs';
import { factsOf } from './facts.mjs';
import { combined, compareStates } from './judge.mjs';
import { patience, sweepsToForget } from './kernel.mjs';
import { Random } from './random.mjs';
import { drawn } from './states.mjs';

/** A check of draws; null where the rungs might not forget their start. */
export function tempering(model, all, where, random) {
  const { machine } = model;
  const betas = random.pick([[0.25, 1], [0.3, 0.6, 1], [0, 0.5, 1, 1.3]]).filter((beta) => beta > 0 || !factsOf(model).anyReal); // biome-ignore format: one line
  const every = random.pick([1, 1, 2]);
  if (factsOf(model).anyReal ? machine.strength !== 'weak' || all.gridded : all.n > 600) return null;
  const tables = betas.map((beta) => enumerate(model, beta));
  // Every chain of a group starts at a draw for beta = 1, so the other rungs must forget it; swaps only help.
  const steps = factsOf(model).anyReal ? patience : sweepsToForget(tables, () => all.p);
  if (steps === null) return null;
  return async (draws, salt) => {
    const n = Math.ceil(draws / 2);
    const own = new Random(machine.seed, 4, salt);
    const rows = drawn(all, n, own);
    const built = build(machine, where, machine.seed * 16 + 8 + salt);
    try {
      const chains = await built.chains(n, { start: byLayer(model, rows, n), ladder: { betas, every } });
      await chains.advance(steps);
      return combined(
        tables.map((table, rung) => {
          fromLayers(model, (name) => chains.states(name, { rung }).data, rows);
          return compareStates(table, rows);
        }),
      );
    } finally {
      built.dispose();
    }
  };
}

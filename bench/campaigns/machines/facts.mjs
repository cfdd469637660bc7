// What a machine allows to be asked, and parts of it to ask about.
import { isReal } from './units.mjs';

export const indices = (list) => list.map((_, i) => i);

/** What decides which calls a machine allows. */
export function factsOf({ machine: { layers, couplings } }) {
  const coupled = (a, b) => couplings.some((c) => (c.a === a && c.b === b) || (c.a === b && c.b === a));
  const real = layers.map(({ type }) => isReal(type));
  return {
    coupled,
    counts: layers.map(({ type }) => type === 'counts'),
    anyCounts: layers.some(({ type }) => type === 'counts'),
    anyReal: real.some(Boolean),
    realsCoupled: couplings.some(({ a, b }) => real[a] && real[b]),
    independent: (list) => list.every((a, i) => list.slice(i).every((b) => !coupled(a, b))),
  };
}

/** A state with only some layers given. */
export function givenLayers({ machine, starts, places }, state, chosen) {
  const given = new Float64Array(places).fill(Number.NaN);
  for (const l of chosen) for (let k = 0; k < machine.layers[l].places; ++k) given[starts[l] + k] = state[starts[l] + k];
  return given;
}

/** Some layers, at least one, so that the others are as asked for. */
export function someLayers(layers, random, allowed) {
  for (let attempt = 0; attempt < 20; ++attempt) {
    const chosen = indices(layers).filter(() => random.coin());
    const rest = indices(layers).filter((l) => !chosen.includes(l));
    if (chosen.length > 0 && allowed(chosen, rest)) return { chosen, rest };
  }
  return null;
}

/** One plain update. */
export const plainStep = {
  ...{ epochs: 1, optimiser: 'sgd', centred: false, l2: 0, averageLast: 0 },
  ...{ initialiseFromData: false, monitorRows: 0, shuffle: false },
};

// Nodes for real units that cannot be integrated out.
import { gaussLegendre } from './units.mjs';

const [panel, panelWeights] = gaussLegendre(10);

/** Nodes for a real unit that is coupled to others: panels of two conditional deviations, far beyond where there is any mass. */
export function grid(model, u, beta) {
  const { type, parameters } = model.units[u];
  const precision = Math.min(...parameters.filter((_, k) => k % 2 === 1).map(([rho]) => Math.exp(rho)));
  const deviation = 1 / Math.sqrt(beta * precision);
  const bound = reaches(model)[u] + 10 * 1.6 * deviation;
  const count = Math.ceil(bound / (2 * deviation));
  const half = bound / count / 2;
  const points = [];
  for (let k = type === 'relu' ? 0 : -count; k < count; ++k) {
    panel.forEach((x, i) => {
      points.push({ s: (2 * k + 1 + x) * half, log: Math.log(panelWeights[i] * half) });
    });
  }
  return points;
}

/** A bound on the conditional mean of every unit, by iteration: real units are coupled weakly enough for it to converge. */
function reaches(model) {
  if (model.reaches) return model.reaches;
  const { units, coupledTo, unitAt } = model;
  const largest = units.map(({ states }) => (states ? Math.max(...states.values.flat().map(Math.abs)) : 0));
  for (let round = 0; round < 60; ++round) {
    units.forEach(({ real, parameters }, u) => {
      if (!real) return;
      const precision = Math.min(...parameters.filter((_, k) => k % 2 === 1).map(([rho]) => Math.exp(rho)));
      const own = Math.max(...parameters.filter((_, k) => k % 2 === 0).map(([b]) => Math.abs(b)));
      largest[u] = coupledTo[u].reduce((sum, { other, w }) => sum + Math.abs(w) * largest[unitAt[other]], own) / precision;
    });
  }
  model.reaches = largest;
  return largest;
}

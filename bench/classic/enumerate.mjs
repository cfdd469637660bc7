// Exact conditionals of a small machine of binary units by enumeration, in double precision, from its public parameters.

/** Every setting of n bits: [2^n, n]. */
export const settings = (n) => Array.from({ length: 2 ** n }, (_, k) => Array.from({ length: n }, (_, i) => (k >> i) & 1));

/**
 * Energies of states whose layers are given as rows, by the machine's public parameters: biases '<layer>.bias' and weights '<a>-<b>.weights'; a coupling
 * of a layer with itself counts every pair once.
 */
export function energyOf(machine) {
  const biases = Object.keys(machine.layers).map((name) => [name, machine.getParameter(`${name}.bias`).data]);
  const couplings = machine.couplings.map(([a, b]) => [a, b, machine.getParameter(`${a}-${b}.weights`).data]);
  const linear = (state, bias) => state.reduce((sum, s, i) => sum + s * bias[i], 0);
  const product = (a, b, weights) => a.reduce((sum, s, i) => (s ? sum + s * linear(b, weights.subarray(i * b.length)) : sum), 0);
  return (state) => {
    let energy = 0;
    for (const [name, bias] of biases) energy -= linear(state[name], bias);
    for (const [a, b, weights] of couplings) energy -= product(state[a], state[b], weights) / (a === b ? 2 : 1);
    return energy;
  };
}

/** Probabilities in proportion to exp(-energy). */
export function normalised(energies) {
  const lowest = energies.reduce((a, b) => Math.min(a, b));
  const factors = energies.map((e) => Math.exp(lowest - e));
  const sum = factors.reduce((a, b) => a + b);
  return factors.map((f) => f / sum);
}

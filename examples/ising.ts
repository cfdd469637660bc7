// The square-lattice Ising model below, at and above its critical temperature: sparse couplings, a
// temperature for each chain, and the energy of the chains next to Onsager's exact one for the
// infinite lattice.
import { BoltzmannMachine, gridEdges, spin } from 'boltzkit';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { side, chains, sweeps } = small ? { side: 24, chains: 64, sweeps: 500 } : { side: 96, chains: 64, sweeps: 20_000 };
const temperatures = [1.8, 2 / Math.log(1 + Math.SQRT2), 3.2] as const; // in units of the coupling; the middle one is critical

const edges = gridEdges([side, side], { periodic: true });
const lattice = new BoltzmannMachine({ layers: { spins: spin(side ** 2) }, couplings: [['spins', 'spins', { edges }]], seed: 1 });
const couplings = edges.shape[0];
lattice.setParameter('spins-spins.weights', { data: new Float32Array(couplings).fill(1), shape: [1, couplings] });

// One set of chains; every third has the same temperature. All start with their spins up.
const all = 3 * chains;
const beta = Float64Array.from({ length: all }, (_, c) => 1 / temperatures[(c % 3) as 0 | 1 | 2]);
const start = { spins: { data: new Float32Array(all * side ** 2).fill(1), shape: [all, side ** 2] } };
const grid = await lattice.chains(all, { beta, start });
await grid.advance(sweeps);
const energies = await grid.energies();

const states = grid.states('spins');
const pictures = temperatures.map((_, t) => Array.from({ length: side ** 2 }, (_, i) => (1 + states.get(t, i)) / 2));
await writePng('ising.png', tiles(pictures, { height: side, width: side, columns: 3 }));

let agree = true;
temperatures.forEach((temperature, t) => {
  const perSpin = Array.from({ length: chains }, (_, c) => energies.get(3 * c + t) / side ** 2);
  const mean = perSpin.reduce((sum, e) => sum + e) / chains;
  const error = Math.sqrt(perSpin.reduce((sum, e) => sum + (e - mean) ** 2, 0) / (chains - 1) / chains);
  const exact = onsager(1 / temperature);
  console.log(
    `T = ${temperature.toFixed(3)}: energy per spin ${mean.toFixed(4)} ± ${error.toFixed(4)}, exact for the infinite lattice ${exact.toFixed(4)}`,
  );
  if (t !== 1) agree &&= Math.abs(mean - exact) < 5 * error + 0.003; // at the critical point a finite lattice differs
});
console.log('wrote ising.png: below, at and above the critical temperature');
lattice.dispose();
process.exitCode = agree ? 0 : 1;

// Onsager (1944): the internal energy per spin, with the complete elliptic integral K by the
// arithmetic-geometric mean.
function onsager(b: number): number {
  const k = (2 * Math.sinh(2 * b)) / Math.cosh(2 * b) ** 2;
  let [mean, geometric] = [1, Math.sqrt(Math.max(0, 1 - k * k))];
  for (let i = 0; i < 60; i++) [mean, geometric] = [(mean + geometric) / 2, Math.sqrt(mean * geometric)];
  const elliptic = k < 1 ? Math.PI / (2 * mean) : 0; // at k = 1 its factor vanishes faster than K grows
  return (-1 / Math.tanh(2 * b)) * (1 + (2 / Math.PI) * (2 * Math.tanh(2 * b) ** 2 - 1) * elliptic);
}

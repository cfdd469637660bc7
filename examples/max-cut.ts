// Max-cut by annealing: split the nodes of a graph into two camps so that as many edges as can be
// go from one to the other. As an Ising model every edge pulls its two spins apart, and the lowest
// energy is the largest cut. Small graphs are checked against all of their cuts.
import { fromIsing } from 'boltzkit';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const nodes = small ? 14 : 20;

// A random graph by a fixed little generator, so that the example repeats.
let state = 7;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const edges: [number, number][] = [];
for (let i = 0; i < nodes; i++) for (let j = i + 1; j < nodes; j++) if (random() < 0.4) edges.push([i, j]);

const machine = fromIsing({ entries: edges.map(([i, j]) => [i, j, -1]), size: nodes });
const { energies, states } = await machine.anneal(50, { sweeps: 200 });
const cutOf = (side: (node: number) => number) => edges.filter(([i, j]) => side(i) !== side(j)).length;
const found = cutOf((node) => states.spins.get(0, node)); // states come lowest energy first
console.log(`${nodes} nodes, ${edges.length} edges: a cut of ${found}, energy ${energies.get(0)}`);

let best = 0;
for (let camps = 0; camps < 2 ** (nodes - 1); camps++)
  best = Math.max(
    best,
    cutOf((node) => (camps >> node) & 1),
  );
console.log(`the largest of all ${2 ** (nodes - 1)} cuts: ${best}`);
machine.dispose();
process.exitCode = found === best ? 0 : 1;

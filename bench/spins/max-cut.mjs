// node bench/spins/max-cut.mjs [--graphs 100] [--kinds cubic,random,torus,dense] [--restarts 64] [--sweeps 1000] [--seed 1]
// How often `maxCut` finds the largest cut of graphs with 100 vertices, graph by graph with its options as they are left out.
//
// cubic, random (mean degree 3), torus (10 x 10, weights +-1): the optimum is exact, by the dynamic programming of graphs.mjs, which is first checked
// against all cuts of 40 small graphs. dense (each pair with probability 0.5): too wide for that, so the comparison is a tabu search of 100 starts and
// 20,000 flips, and proves nothing. Costs about 15 minutes on one core, nearly all of it in the comparison, and 1 GB of memory.
import { parseArgs } from 'node:util';
import { maxCut } from 'boltzkit';
import { cubic, everyCut, largestCut, random, tabuCut, torus } from './graphs.mjs';

const { values } = parseArgs({
  options: {
    graphs: { type: 'string', default: '100' },
    kinds: { type: 'string', default: 'cubic,random,torus,dense' },
    restarts: { type: 'string', default: '64' },
    sweeps: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const [graphs, restarts, sweeps, first] = [values.graphs, values.restarts, values.sweeps, values.seed].map(Number);

for (let s = 1; s <= 20; s++) {
  for (const graph of [random(14, 5, s), torus(4, s)]) {
    const [exact, all] = [largestCut(graph).value, everyCut(graph)];
    if (exact !== all) throw new Error(`the dynamic programming found ${exact}, the largest of all cuts is ${all}`);
  }
}

const kinds = {
  cubic: { make: (seed) => cubic(100, seed), optimum: largestCut },
  random: { make: (seed) => random(100, 3, seed), optimum: largestCut },
  torus: { make: (seed) => torus(10, seed), optimum: largestCut },
  dense: {
    make: (seed) => random(100, 49.5, seed),
    optimum: (graph) => ({ value: tabuCut(graph, { starts: 100, steps: 20_000, seed: 1 }) }),
  },
};
console.log(
  `| graphs | found | missed by | not solved | boltzkit, ms each | comparison, ms each |\n| --- | ---: | --- | ---: | ---: | ---: |`,
);
for (const kind of values.kinds.split(',')) {
  const { make, optimum } = kinds[kind];
  const [missed, better] = [[], []];
  let [found, unsolved, ours, theirs] = [0, 0, 0, 0];
  for (let g = 0; g < graphs; g++) {
    const graph = make(first + g);
    const began = performance.now();
    const options = { vertices: graph.n, weights: graph.weights, restarts, sweeps, threads: 1, seed: first + g };
    const { value } = await maxCut(graph.edges, options);
    const annealed = performance.now();
    const known = optimum(graph).value;
    ours += annealed - began;
    theirs += performance.now() - annealed;
    if (known === null) unsolved++;
    else if (value === known) found++;
    else (value < known ? missed : better).push(known - value);
    process.stderr.write(`${kind} ${g + 1}: ${value}, comparison ${known}\n`);
  }
  const solved = graphs - unsolved;
  const each = (ms) => (ms / graphs).toFixed(0);
  const off = [...missed, ...better.map((d) => `${d} (better than the comparison)`)].join(', ') || '–';
  console.log(`| ${kind} | ${found} of ${solved} | ${off} | ${unsolved} | ${each(ours)} | ${each(theirs)} |`);
}

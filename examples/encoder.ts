// The 4-2-4 encoder of Ackley, Hinton & Sejnowski (1985): two groups of four units, of which one is
// on, must find a two-bit code through two hidden units. Everything is learned by sampling, with
// couplings inside each group.
import { BoltzmannMachine, bernoulli, linear, pcd } from 'boltzkit';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { patterns, hidden, seeds } = { patterns: 4, hidden: 2, seeds: small ? 1 : 20 };
const oneHot = Array.from({ length: patterns }, (_, i) => Array.from({ length: patterns }, (_, j) => (i === j ? 1 : 0)));
const rows = Array.from({ length: 10 }, () => oneHot).flat();

let solved = 0;
for (let seed = 1; seed <= seeds; seed++) {
  const machine = new BoltzmannMachine({
    layers: { left: bernoulli(patterns), right: bernoulli(patterns), code: bernoulli(hidden) },
    couplings: [
      ['left', 'left'],
      ['right', 'right'],
      ['code', 'code'],
      ['left', 'code'],
      ['right', 'code'],
    ],
    seed,
    threads: 1,
    weightScale: 0.1,
  });
  const learningRate = linear(0.2, { to: 0.02 });
  // A code is best when every code unit is on half of the time: the sparsity target says so, and
  // keeps two patterns from sharing a code.
  const sparsity = { target: 0.5, weight: 0.5, rate: 0.1 };
  const sampling = { algorithm: pcd({ sweeps: 3, chains: 100 }), positiveSweeps: 10, batchSize: rows.length, monitorRows: 0 };
  const options = { ...sampling, epochs: 1500, learningRate, sparsity, l2: 1e-3 };
  await machine.fit({ left: rows, right: rows }, options);

  // Solved: with one group held at a pattern the other shows the same one most of the time, for
  // every pattern.
  let right = 0;
  for (const pattern of oneHot) {
    const drawn = await machine.sample(500, { layer: 'right', clamp: { left: [pattern] }, sweeps: 60 });
    let same = 0;
    for (let r = 0; r < 500; r++) if (pattern.every((on, i) => drawn.get(r, i) === on)) same++;
    if (same > 250) right++;
  }
  if (right === patterns) solved++;
  machine.dispose();
}
console.log(`the ${patterns}-${hidden}-${patterns} encoder is solved for ${solved} of ${seeds} seeds`);
process.exitCode = solved === seeds ? 0 : 1;

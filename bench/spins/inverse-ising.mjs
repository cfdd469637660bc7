// node bench/spins/inverse-ising.mjs [--side 10] [--scale 0.5] [--samples 1000,10000] [--teachers 2] [--seed 1]
// The inverse Ising problem on a periodic square lattice of 10 x 10 spins with normal couplings and fields, J ~ scale N(0, 1), h ~ 0.3 scale N(0, 1).
// Couplings of all 4,950 pairs are reconstructed from samples, which are drawn by parallel tempering from the teacher. `fit` is called without options
// (30,000 updates; then pseudo-likelihood is what it uses), once for all pairs and once told the lattice. Beside it stands naive mean field,
// J = -C^-1 off the diagonal (Kappen & Rodriguez 1998). Prints gamma = sqrt(sum (J - J0)^2 / sum J0^2), the mean over the teachers. About 2 minutes.
import { parseArgs } from 'node:util';
import { gridEdges, IsingModel } from 'boltzkit';
import { inverse } from '../lib/inverse.mjs';
import { uniforms } from '../lib/order.mjs';

const { values } = parseArgs({
  options: {
    side: { type: 'string', default: '10' },
    scale: { type: 'string', default: '0.5' },
    samples: { type: 'string', default: '1000,10000' },
    teachers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});
const [side, scale, teachers, seed] = [values.side, values.scale, values.teachers, values.seed].map(Number);
const sizes = values.samples.split(',').map(Number);
const units = side * side;
const graph = gridEdges([side, side], { periodic: true });
const lattice = graph.shape[0];

function teacherOf(number) {
  const uniform = uniforms(number);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const couplings = Float64Array.from({ length: lattice }, () => scale * normal());
  const fields = Float64Array.from({ length: units }, () => 0.3 * scale * normal());
  return new IsingModel({ graph, couplings, fields, seed: number, threads: 1 });
}

/** Tables over all pairs, by i * units + j with i < j. */
function full({ edges, couplings }) {
  const J = new Float64Array(units ** 2);
  couplings.data.forEach((value, e) => {
    J[edges.get(e, 0) * units + edges.get(e, 1)] = value;
  });
  return J;
}

async function learn(rows, wiring) {
  const model = new IsingModel({ units, seed: 1, threads: 1, ...wiring });
  await model.fit(rows);
  const J = full(model.tables());
  model.dispose();
  return J;
}

function meanField({ data, shape: [rows] }) {
  const m = new Float64Array(units);
  const C = Array.from({ length: units }, () => new Float64Array(units));
  for (let r = 0; r < rows; r++) {
    const s = data.subarray(r * units, (r + 1) * units);
    for (let i = 0; i < units; i++) {
      m[i] += s[i] / rows;
      for (let j = 0; j < units; j++) C[i][j] += (s[i] * s[j]) / rows;
    }
  }
  C.forEach((row, i) => {
    for (let j = 0; j < units; j++) row[j] -= m[i] * m[j];
  });
  const A = inverse(C);
  return Float64Array.from({ length: units ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / units), at % units];
    return j > i ? -A[i][j] : 0;
  });
}

function gamma(J, truth) {
  let [wrong, all] = [0, 0];
  truth.forEach((value, at) => {
    wrong += (J[at] - value) ** 2;
    all += value ** 2;
  });
  return Math.sqrt(wrong / all);
}

const methods = {
  'fit, all pairs': (rows) => learn(rows, {}),
  'fit, told the lattice': (rows) => learn(rows, { graph }),
  'naive mean field': async (rows) => meanField(rows),
};
const names = Object.keys(methods);
const errors = Object.fromEntries(names.map((name) => [name, sizes.map(() => [])]));
const seconds = Object.fromEntries(names.map((name) => [name, sizes.map(() => 0)]));
for (let t = 0; t < teachers; t++) {
  const teacher = teacherOf(seed + t);
  const truth = full(teacher.tables());
  for (const [k, count] of sizes.entries()) {
    // 1000 groups of chains, and as many states of each as are wanted, 50 sweeps apart.
    const groups = Math.min(count, 1000);
    const chains = await teacher.chains(groups, { ladder: { betas: [0.25, 0.5, 0.75, 1] } });
    await chains.advance(1000);
    const data = new Int8Array(count * units);
    for (let part = 0; part < count / groups; part++) {
      await chains.advance(50);
      data.set(Int8Array.from(chains.states('spins').data), part * groups * units);
    }
    const rows = { data, shape: [count, units] };
    for (const name of names) {
      const began = performance.now();
      errors[name][k].push(gamma(await methods[name](rows), truth));
      seconds[name][k] += (performance.now() - began) / 1000 / teachers;
      process.stderr.write(`teacher ${t + 1}, ${count} samples, ${name}: ${errors[name][k].at(-1).toFixed(4)}\n`);
    }
  }
  teacher.dispose();
}
console.log(`${side} x ${side} spins, scale ${scale}, ${teachers} teachers, seed ${seed}\n`);
console.log(`| method | ${sizes.map((m) => `M = ${m}`).join(' | ')} | seconds |\n| --- |${sizes.map(() => ' ---: |').join('')} ---: |`);
for (const name of names) {
  const cells = errors[name].map((list) => (list.reduce((a, b) => a + b) / list.length).toFixed(4));
  console.log(`| ${name} | ${cells.join(' | ')} | ${seconds[name].map((s) => s.toFixed(1)).join(', ')} |`);
}

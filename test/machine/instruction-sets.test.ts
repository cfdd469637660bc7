/**
 * Every instruction set with a fused multiply-add gives the same bits, through the whole public interface: the same program runs in processes of their own,
 * one for each set that this processor has, and prints a digest of everything it computes.
 */
import { expect, it } from 'vitest';
import { backendInfo } from '../../src/index.js';
import { child } from './child.js';

const sets = backendInfo().available.filter((isa) => isa !== 'portable');

/** Odd sizes, and 2^15 weights so that rounded ones serve; units enough for more than one product of factors. */
const program = (isa: string) => `
process.env.BOLTZKIT_ISA = ${JSON.stringify(isa)};
const { createHash } = await import('node:crypto');
const { backendInfo, cd, pcd, ptt } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)});
if (backendInfo().isa !== ${JSON.stringify(isa)}) throw new Error('this runs on ' + backendInfo().isa);
let state = 7;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const count = 67, visible = 261, hidden = 301;
const rows = { data: Float32Array.from({ length: count * visible }, () => Number(uniform() < 0.3)), shape: [count, visible] };
const digests = {};
const digest = (name, values) => {
  const floats = Float64Array.from(values.flatMap((v) => (v.data ? Array.from(v.data) : [v])));
  digests[name] = createHash('sha256').update(new Uint8Array(floats.buffer)).digest('hex');
};
for (const algorithm of [pcd({ chains: 64 }), ptt({ chains: 64 }), cd()]) {
  const { name } = algorithm;
  const rbm = new RBM({ visible, hidden, seed: 3, weightScale: 0.1, threads: 2 });
  const reports = await rbm.fit(rows, { algorithm, epochs: 3, batchSize: 20, learningRate: 0.05 });
  digest(name + ' parameters', rbm.parameterNames.map((parameter) => rbm.getParameter(parameter)));
  digest(name + ' reports', reports.map((r) => r.pseudoLikelihood));
  digest(name + ' free energies', [await rbm.freeEnergy(rows)]);
  digest(name + ' pseudo-likelihoods', [await rbm.pseudoLikelihood(rows, { exact: true })]);
  digest(name + ' sample', [await rbm.sample(50, { sweeps: 20 })]);
  for (const method of ['ais', 'ladder']) {
    const { value, low, high } = await rbm.logZ({ method, chains: 20, betas: 40, warmup: 20 });
    digest(name + ' ' + method, [value, low, high]);
  }
  rbm.dispose();
}
console.log(JSON.stringify(digests));
`;

it('gives the same bits with every instruction set of this processor', async () => {
  const outcomes = await Promise.all(sets.map((isa) => child(program(isa))));
  for (const outcome of outcomes) expect(outcome.stderr).toBe('');
  const [first, ...others] = outcomes.map((outcome) => JSON.parse(outcome.stdout) as Record<string, string>);
  if (first) expect(Object.keys(first)).toHaveLength(21);
  for (const other of others) expect(other).toEqual(first);
});

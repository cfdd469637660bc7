/**
 * Trains one case of the campaign through the API, as a program would that goes on with an interrupted run when it finds one:
 * `node api-run.mjs <case> <folder>`. Writes `model.safetensors` as it goes and `final.safetensors` at the end.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BoltzmannMachine } from '../../dist/index.js';
import { apiCases } from './cases.mjs';
import { randomNumbers } from './random.mjs';

console.log('begun');
const [name, folder] = process.argv.slice(2);
const { layers, couplings, cols, value, options } = apiCases.find((one) => one.name === name);
const path = join(folder, 'model.safetensors');

const random = randomNumbers(7);
const rows = (n) => ({ v: Array.from({ length: n }, () => Array.from({ length: cols }, () => value(random()))) });
const [data, validation] = [rows(120), rows(30)];

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupt.abort());

const machine = existsSync(path)
  ? await BoltzmannMachine.load(path, { threads: 1 })
  : new BoltzmannMachine({ layers, couplings, seed: 3, threads: 1 });
const interrupted = machine.training !== null && !machine.training.complete;
if (machine.training === null || interrupted) {
  const checkpoint = { path, every: 40 };
  const run = machine.fit(data, {
    ...options,
    batchSize: 20,
    validation,
    checkpoint,
    signal: interrupt.signal,
    resume: interrupted,
  });
  try {
    for await (const _ of run);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    if (machine.training !== null) await machine.save(path);
    process.exit(130);
  }
}
await machine.save(join(folder, 'final.safetensors'));

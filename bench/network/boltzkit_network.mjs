// boltzkit: the work of torch_network.py through the public API.
import { readFileSync } from 'node:fs';
import { Autoencoder, adam, bernoulli, Classifier, cd, DeepBeliefNetwork, sgd } from 'boltzkit';

const [task] = process.argv.slice(2);
const env = (name, usual) => Number(process.env[name] ?? usual);
const sizes = (process.env.NETWORK_LAYERS ?? '784,500,500,2000').split(',').map(Number);
const [batchSize, epochs, threads] = [env('NETWORK_BATCH', 100), env('NETWORK_EPOCHS', 2), env('NETWORK_THREADS', 2)];
const bytes = readFileSync(process.env.NETWORK_ROWS);
const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const rows = { data, shape: [data.length / sizes[0], sizes[0]] };
const labels = new Uint8Array(readFileSync(process.env.NETWORK_LABELS));
const common = { batchSize, epochs: epochs + 1, monitorRows: 1000 };

/** Seconds of every epoch but the first, which warms up. */
async function reported(run) {
  const reports = await run;
  return reports.slice(1);
}

const report = (seconds, check) => process.stdout.write(`${JSON.stringify({ seconds, check })}\n`);

const tasks = {
  async backpropagation() {
    const [inputs, ...rest] = sizes;
    const hidden = rest.map((units, l) => ({ units, weightScale: 1 / Math.sqrt(sizes[l]) }));
    const net = new Classifier({ inputs, hidden, classes: 10, seed: 1, threads });
    const fit = net.fit(rows, labels, { ...common, optimiser: sgd({ momentum: 0.9 }), learningRate: 0.1 });
    const told = await reported(fit);
    report(
      told.map((r) => r.seconds),
      told.map((r) => r.loss),
    );
  },
  async autoencoder() {
    const net = new Autoencoder({ layers: sizes.map((n, i) => (i === sizes.length - 1 ? n : bernoulli(n))), seed: 1, threads });
    const told = await reported(net.fit(rows, { ...common, optimiser: adam(), learningRate: 0.001 }));
    report(
      told.map((r) => r.seconds),
      told.map((r) => r.loss),
    );
  },
  async pretraining() {
    const dbn = new DeepBeliefNetwork({ layers: sizes, seed: 1, threads });
    const options = { algorithm: cd(), centred: false, optimiser: sgd({ momentum: 0.9 }), learningRate: 0.05, l2: 2e-4, averageLast: 0 };
    const told = await dbn.pretrain(rows, { ...common, ...options, transposed: false, monitorBudget: 0 });
    const perEpoch = Array.from({ length: epochs }, (_, e) => told.filter((r) => r.epoch === e + 2).reduce((sum, r) => sum + r.seconds, 0));
    report(perEpoch, [told.at(-1).pseudoLikelihood]);
  },
};

await tasks[task]();

/** Whole models on an emulated GPU: all that stands above the kernels, from the constructor to files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BoltzmannMachine,
  bernoulli,
  binomial,
  cd,
  counts,
  DeepBeliefNetwork,
  doubleRelu,
  type FitOptions,
  fpcd,
  gaussian,
  gridEdges,
  meanField,
  pcd,
  pt,
  ptt,
  RBM,
  relu,
  softmax,
  spin,
} from 'boltzkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { child, entry } from './child.js';
import { canEmulate, emulatedCuda } from './emulated-cuda.js';

const rows = Array.from({ length: 24 }, (_, r) => Array.from({ length: 10 }, (_, c) => ((r * 7 + c * 3) % 11 < 5 ? 1 : 0)));
const lacking = rows.map((row, r) => row.map((value, c) => ((r + c) % 5 === 0 ? Number.NaN : value)));
const folder = mkdtempSync(join(tmpdir(), 'boltzkit-cuda-'));
const before = process.env.BOLTZKIT_CUDA;

beforeAll(async () => {
  if (canEmulate) process.env.BOLTZKIT_CUDA = await emulatedCuda();
}, 240_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.BOLTZKIT_CUDA;
  else process.env.BOLTZKIT_CUDA = before;
});

/** Numbers of both devices, which draw the same random words and round a little differently. */
function expectAlike(got: ArrayLike<number>, expected: ArrayLike<number>, within = 1e-4): void {
  expect(got.length).toBe(expected.length);
  expect(Math.max(0, ...Array.from(got, (value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(within);
}

type Parameters = { readonly parameterNames: readonly string[]; getParameter(name: never): { data: ArrayLike<number> } };
const parametersOf = (model: Parameters): number[] =>
  model.parameterNames.flatMap((name) => Array.from(model.getParameter(name as never).data));

describe.runIf(canEmulate)('on an emulated GPU', () => {
  it.each<[string, FitOptions<number[][]>]>([
    ['CD', { algorithm: cd({ sweeps: 2 }) }],
    ['PCD', { algorithm: pcd({ chains: 6 }) }],
    ['FPCD', { algorithm: fpcd() }],
    ['mean field', { algorithm: meanField({ sweeps: 3 }) }],
    ['parallel tempering', { algorithm: pt({ betas: 3, chains: 4 }) }],
    ['trajectories', { algorithm: ptt() }],
    ['plain gradients, Adam', { centred: false, optimiser: 'adam' }],
    ['standardised, decay, sparsity', { standardised: true, l1: 1e-3, l2: 1e-3, sparsity: { target: 0.2, weight: 0.1 } }],
  ])('%s learns what it learns on the processor', async (_, options) => {
    const learned = async (device: 'cpu' | 'cuda') => {
      using rbm = new RBM({ visible: 10, hidden: 6, seed: 3, device });
      await rbm.fit(rows, { epochs: 3, batchSize: 8, learningRate: 0.05, ...options });
      return parametersOf(rbm);
    };
    expectAlike(await learned('cuda'), await learned('cpu'));
  });

  it.each([
    ['bernoulli', bernoulli(4)],
    ['spin', spin(4)],
    ['softmax', softmax(3, 2)],
    ['gaussian', gaussian(4)],
    ['relu', relu(4)],
    ['doubleRelu', doubleRelu(4)],
    ['binomial', binomial(4, 5)],
    ['counts', counts(4)],
  ])('%s units: chains, energies and likelihoods are those of the processor', async (_, units) => {
    const answers = async (device: 'cpu' | 'cuda') => {
      using machine = new BoltzmannMachine({
        layers: { data: units, hidden: bernoulli(3) },
        couplings: [['data', 'hidden']],
        seed: 5,
        weightScale: 0.3,
        device,
      });
      const data =
        units.type === 'counts'
          ? [
              [1, 2, 0, 1],
              [0, 3, 1, 0],
            ]
          : undefined;
      const clamp = data === undefined ? {} : { start: { data } };
      const samples = await machine.sample(2, { sweeps: 3, ...clamp });
      const energies = await machine.freeEnergy({ data: samples });
      return [...samples.data, ...energies.data];
    };
    expectAlike(await answers('cuda'), await answers('cpu'), 1e-3);
  });

  it('missing values, lateral couplings, annealing and exact sums give the same answers', async () => {
    const answers = async (device: 'cpu' | 'cuda') => {
      using rbm = new RBM({ visible: 10, hidden: 6, seed: 3, device, weightScale: 0.5 });
      await rbm.fit(lacking, { epochs: 2, batchSize: 8 });
      const filled = await rbm.impute(lacking, { sweeps: 5 });
      const exact = await rbm.logZ();
      const annealed = await rbm.logZ({ method: 'ais', betas: 50, chains: 20 });
      using grid = new BoltzmannMachine({
        layers: { spins: spin(9) },
        couplings: [['spins', 'spins', { edges: gridEdges([3, 3]) }]],
        seed: 2,
        weightScale: 0.4,
        device,
      });
      const states = await grid.sample(4, { sweeps: 6 });
      return [...filled.data, exact.value, annealed.value, ...states.data];
    };
    expectAlike(await answers('cuda'), await answers('cpu'), 1e-3);
  });

  it('belief networks and classifiers learn what they learn on the processor', async () => {
    const labels = rows.map((_, r) => r % 2);
    const learned = async (device: 'cpu' | 'cuda') => {
      using network = new DeepBeliefNetwork({ layers: [10, 6, 4], labels: 2, seed: 1, device });
      await network.pretrain(rows, { labels, epochs: 2, batchSize: 8 });
      await network.upDown(rows, { labels, epochs: 2, batchSize: 8 });
      using classifier = network.toClassifier({ classes: [0, 1] });
      await classifier.fit(rows, labels, { epochs: 2, batchSize: 8 });
      return [...(await network.classProbabilities(rows)).data, ...(await classifier.predictProbabilities(rows)).data];
    };
    expectAlike(await learned('cuda'), await learned('cpu'), 1e-3);
  });

  it('a run repeats bit for bit, on another GPU too, and goes on from a file there or on the processor', async () => {
    const options = { epochs: 4, batchSize: 8, algorithm: pcd({ chains: 6 }) };
    const trained = async (device: 'cuda' | 'cuda:1') => {
      using rbm = new RBM({ visible: 10, hidden: 6, seed: 3, device });
      await rbm.fit(rows, options);
      return parametersOf(rbm);
    };
    const whole = await trained('cuda');
    expect(await trained('cuda')).toEqual(whole);
    expect(await trained('cuda:1')).toEqual(whole);

    using rbm = new RBM({ visible: 10, hidden: 6, seed: 3, device: 'cuda' });
    for await (const { epoch } of rbm.fit(rows, options)) if (epoch === 2) break;
    const file = join(folder, 'half.safetensors');
    await rbm.save(file);
    using again = await RBM.load(file, { device: 'cuda:1' });
    await again.fit(rows, { ...options, resume: true });
    expect(parametersOf(again)).toEqual(whole);
    using elsewhere = await RBM.load(file, { device: 'cpu' });
    await elsewhere.fit(rows, { ...options, resume: true });
    expectAlike(parametersOf(elsewhere), whole);
  });

  it('parameters that explode are refused at their update, though the device is asked later', async () => {
    const message = async (device: 'cpu' | 'cuda') => {
      using rbm = new RBM({ visible: 10, hidden: 6, seed: 3, device });
      const error = await rbm.fit(rows, { epochs: 30, batchSize: 8, learningRate: 1e17, centred: false }).catch((e: unknown) => e);
      return [(error as Error).name, (error as Error).message];
    };
    expect(await message('cuda')).toEqual(await message('cpu'));
  });
});

describe.runIf(canEmulate)('a GPU that cannot be used', () => {
  /** What a process prints whose emulated GPU is like this. */
  const told = async (like: string, body: string) => {
    const print = `try { ${body} } catch (error) { console.log(error.name, error.reason ?? error.code, '|', error.message); }`;
    const { code, stdout, stderr } = await child(`process.env.BOLTZKIT_EMULATED_CUDA = ${JSON.stringify(like)}; ${print}`);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trim();
  };
  const make = `new RBM({ visible: 4, hidden: 2, device: 'cuda' })`;

  it.each([
    ['devices=35 version=0', 'driver_missing', 'no NVIDIA driver is installed here'],
    ['devices=35 version=11080', 'driver_too_old', 'the NVIDIA driver knows CUDA up to 11.8, and 13.0 is needed'],
    ['devices=100', 'no_device', 'the driver finds no GPU'],
    ['kernels=209', 'arch_unsupported', 'compute capability 8.0 or newer'],
    ['count=1', 'no_device', "only 'cuda:0'"],
  ])('%s: %s', async (like, reason, words) => {
    const which = like === 'count=1' ? make.replace("'cuda'", "'cuda:7'") : make;
    const said = await told(like, `${which}; console.log('made');`);
    expect(said).toContain(`BackendError ${reason} | RBM: `);
    expect(said).toContain(words);
  });

  it('a device that is lost in mid-run says so, and the process goes on', async () => {
    const said = await told(
      'lost=3000',
      `const rbm = ${make}; await rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 1e6, batchSize: 1 });`,
    );
    expect(said).toMatch(/^BackendError device_failed \| RBM\.fit: CUDA: .*launch failure/);
    expect(
      await told(
        'lost=3000',
        `const rbm = ${make}; await rbm.fit([[1, 1, 0, 0]], { epochs: 1e6, batchSize: 1 }).catch(() => {});
      const cpu = new RBM({ visible: 4, hidden: 2, device: 'cpu' }); await cpu.fit([[1, 1, 0, 0]], { epochs: 2 }); console.log('trained');`,
      ),
    ).toBe('trained');
  });

  it('worker threads end in the middle of work on it', async () => {
    const body = `import { RBM } from ${JSON.stringify(entry)}; import { parentPort } from 'node:worker_threads';
      const rbm = new RBM({ visible: 4, hidden: 2, device: 'cuda' });
      rbm.fit([[1, 1, 0, 0]], { epochs: 1e9, batchSize: 1 }); parentPort.postMessage('on');`;
    const { code, stdout, stderr } = await child(`
      import { Worker } from 'node:worker_threads';
      import { once } from 'node:events';
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(body)})));
        await once(worker, 'message');
        await new Promise((done) => setTimeout(done, 50));
        console.log(await worker.terminate());
      }`);
    expect([code, stdout, stderr]).toEqual([0, '1\n1\n1\n', '']);
  });
});

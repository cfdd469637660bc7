// The work that every program does, so that times can be compared: what boltzkit and all peers are told to train and to sample.

/** Settings. The peers' drivers repeat these and the sizes in their own languages. */
export const work = Object.freeze({
  /** Learning rate of contrastive divergence. */
  rate: 0.05,
  /** Of persistent chains: at 0.01 only one hidden unit in fifty stays on, at 0.05 PCD-10 diverges. */
  persistentRate: 0.001,
  momentum: 0.9,
  decay: 1e-4,
  sampleChains: 1000,
  sampleSteps: 100,
  annealedChains: 100,
  /** What times of annealed importance sampling are stated for; fewer are run and their time is scaled. */
  temperatures: 14_500,
  /** Epochs of one repetition where the call itself is part of what is measured. */
  callEpochs: 5,
  smallEpochs: 20,
});

/** The machines: units, minibatch, and how many rows of data at most make an epoch. */
export const sizes = Object.freeze({
  mnist: { visible: 784, hidden: 500, batch: 100, rows: 60_000 },
  centred: { visible: 784, hidden: 500, batch: 100, rows: 60_000 },
  big: { visible: 4096, hidden: 4096, batch: 256, rows: 2560 },
  small: { visible: 64, hidden: 32, batch: 10, rows: 10_000 },
});

/** Floating-point operations of one row in one product with the weights. */
const product = ({ visible, hidden }) => 2 * visible * hidden;

/**
 * Of an epoch of CD-k. Products with the weights per data row and update: the field of the hidden units, two per Gibbs step, two for the
 * gradient.
 */
const epochFlops = (steps) => (rows, size) => rows * product(size) * (1 + 2 * steps + 2);
const gibbsFlops = (_, size) => work.sampleChains * work.sampleSteps * 2 * product(size);

const epoch = (title, steps, more) => ({
  title,
  size: 'mnist',
  baseline: 'openblas',
  unit: 's',
  training: true,
  flops: epochFlops(steps),
  ...more,
});
const gibbs = (title, size) => ({ title, size, baseline: 'openblas', unit: 'chain-sweeps/s', flops: gibbsFlops });
const single = (title) => ({ title, size: 'mnist', baseline: 'openblas', unit: 'us', flops: (_, size) => product(size) });
const memory = (title) => ({ title, size: 'mnist', unit: 's', allThreads: true });

/**
 * What each test is: the machine, the program that ratios are to, how much dense arithmetic a repetition takes, how its time is shown, and
 * whether it is run with all threads only.
 */
export const tests = Object.freeze({
  cd1: epoch('CD-1, one epoch', 1),
  pcd1: epoch('PCD-1, one epoch', 1),
  cd10: epoch('CD-10, one epoch', 10),
  pcd10: epoch('PCD-10, one epoch', 10),
  big: epoch('CD-1, 4096–4096, 10 minibatches of 256', 1, { size: 'big' }),
  small: epoch('CD-1, 64–32, minibatches of 10', 1, { size: 'small', baseline: 'plain', unit: 'updates/s', flops: undefined }),
  native: epoch(`CD-1, a call of ${work.callEpochs} epochs, per epoch`, 1, { baseline: 'core' }),
  gibbs: gibbs(`block Gibbs, ${work.sampleChains} chains x ${work.sampleSteps} sweeps`, 'mnist'),
  gibbscentred: gibbs('the same, a machine of the centred gradient', 'centred'),
  ais: {
    title: `AIS, ${work.annealedChains} chains x ${work.temperatures} temperatures`,
    size: 'mnist',
    baseline: 'openblas',
    unit: 's',
    flops: (_, size) => work.annealedChains * work.temperatures * 2 * product(size),
  },
  transform: single('features of one row'),
  transformsync: single('the same, synchronous call'),
  memory: memory('memory: one epoch, grey levels as bytes'),
  memorybits: memory('memory: one epoch, bits'),
  eventloop: { title: 'event-loop delay while all cores train', size: 'mnist', unit: 'ms', allThreads: true },
  endtoend: { title: 'MNIST: load, one epoch, pictures', size: 'mnist', unit: 's', allThreads: true },
});

/** The test as the peers' drivers know it, for which another machine or another call is no other work. */
export const programTest = (test) => ({ gibbscentred: 'gibbs', transformsync: 'transform' })[test] ?? test;

/** Algorithm and options of a training test. */
export function trainingOf(test) {
  const persistent = test.startsWith('pcd');
  return {
    algorithm: { name: persistent ? 'pcd' : 'cd', sweeps: test.includes('10') ? 10 : 1 },
    learningRate: persistent ? work.persistentRate : work.rate,
  };
}

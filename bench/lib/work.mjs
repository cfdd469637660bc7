// The work that every program does, so that times can be compared: what boltzkit and all peers are told to train and to sample.

/** Sizes and settings. The peers' drivers repeat these in their own languages. */
export const work = Object.freeze({
  visible: 784,
  hidden: 500,
  batch: 100,
  /** Learning rate of contrastive divergence. */
  rate: 0.05,
  /** Of persistent chains: PCD-10 diverges at 0.05. */
  persistentRate: 0.01,
  momentum: 0.9,
  decay: 1e-4,
  sampleChains: 1000,
  sampleSteps: 100,
});

/** Rows of the data file that everyone reads, besides the whole training set. */
export const SHORT_ROWS = 10_000;

const product = 2 * work.visible * work.hidden; // floating-point operations of one row in one product with the weights

/**
 * Products with the weights per data row of one update: the field of the hidden units, two per Gibbs step, two for the gradient.
 */
const trainingProducts = (steps) => 1 + 2 * steps + 2;

/** What each test is, how much dense arithmetic a repetition takes, and how its time is shown. */
export const tests = Object.freeze({
  cd1: { title: 'CD-1, one epoch', flops: (rows) => rows * product * trainingProducts(1), unit: 's', training: true },
  cd10: { title: 'CD-10, one epoch', flops: (rows) => rows * product * trainingProducts(10), unit: 's', training: true },
  pcd1: { title: 'PCD-1, one epoch', flops: (rows) => rows * product * trainingProducts(1), unit: 's', training: true },
  pcd10: { title: 'PCD-10, one epoch', flops: (rows) => rows * product * trainingProducts(10), unit: 's', training: true },
  cd1full: {
    title: 'CD-1, one epoch of the whole training set',
    flops: (rows) => rows * product * trainingProducts(1),
    unit: 's',
    training: true,
  },
  gibbs: {
    title: `block Gibbs, ${work.sampleChains} chains x ${work.sampleSteps} steps`,
    flops: () => work.sampleChains * work.sampleSteps * 2 * product,
    unit: 'chain-steps/s',
  },
  transform: { title: 'features of one row', flops: () => product, unit: 'us' },
  eventloop: { title: 'event-loop delay while all cores train', unit: 'ms', allThreads: true },
  endtoend: { title: 'MNIST: load, one epoch, pictures', unit: 's', allThreads: true },
});

/** Algorithm and options of a training test. */
export function trainingOf(test) {
  const persistent = test.startsWith('pcd');
  return {
    algorithm: persistent ? 'pcd' : 'cd',
    steps: test.includes('10') ? 10 : 1,
    learningRate: persistent ? work.persistentRate : work.rate,
  };
}

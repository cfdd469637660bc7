// A time counts only when what was computed is right. Every result is checked before it is kept.
import { tests } from './work.mjs';

/** The others' mean-field error may differ by this factor: same work, other random numbers. */
const SAME_WORK = { cd: 1.1, pcd: 1.6 };
/** Training goes on from a trained machine: its error may rise by no more than this factor. */
const STAYS_TRAINED = 1.5;
/** Between fractions of units on: five standard deviations of the difference between two sets of chains. */
const SAME_SAMPLES = 0.01;
/** Between estimates of log Z, nats. */
const SAME_LOG_Z = 1;
const FLOAT_ERROR = 1e-5;

const finite = (values) => Array.isArray(values) && values.length > 0 && values.every(Number.isFinite);

function checkTraining({ test, mse, scaled }, baseline) {
  const [first, last] = mse ?? [];
  if (!finite([first, last])) return 'no reconstruction error';
  if (last > STAYS_TRAINED * first) return `the reconstruction error rose from ${first} to ${last}`;
  if (!baseline || scaled) return null; // less work: only that it went well can be checked
  const factor = last / baseline.mse[1];
  const limit = test.startsWith('p') ? SAME_WORK.pcd : SAME_WORK.cd;
  return factor < limit && factor > 1 / limit ? null : `the reconstruction error is ${factor.toFixed(2)} times the baseline's`;
}

/** Whether a figure is near the baseline's, if there is one. */
function near(name, tolerance, what) {
  return (result, baseline) => {
    if (!finite(result[name])) return `no ${what}`;
    const difference = baseline ? Math.abs(result[name][0] - baseline[name][0]) : 0;
    return difference < tolerance ? null : `${what} is ${result[name]}, the baseline's ${baseline[name]}`;
  };
}

const samples = near('on', SAME_SAMPLES, 'the fraction of units on');
const probabilities = ({ error }) => (finite(error) && error[0] < FLOAT_ERROR ? null : `probabilities are wrong by ${error}`);
const memory = ({ beyondMb, bareMb }) => (beyondMb > 0 && bareMb > 0 ? null : 'no figures of memory');

const checks = {
  gibbs: samples,
  gibbscentred: samples,
  ais: near('logZ', SAME_LOG_Z, 'log Z'),
  transform: probabilities,
  transformsync: probabilities,
  memory,
  memorybits: memory,
  eventloop: ({ epochs, training }) => (epochs > 0 && training.ticks > 100 ? null : 'the run or the timer did not go on'),
  endtoend: ({ pictures }) => (pictures?.length === 4 ? null : 'pictures are missing'),
};

/** Null, or why the result does not count. `baseline` is the result of the test's baseline with as many threads. */
export function invalid(result, baseline) {
  if (!finite(result.seconds) || !result.seconds.every((s) => s > 0)) return 'no times';
  return tests[result.test].training ? checkTraining(result, baseline) : checks[result.test](result, baseline);
}

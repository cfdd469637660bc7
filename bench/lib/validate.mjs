// A time counts only when what was computed is right. Every result is checked before it is kept.
import { tests } from './work.mjs';

/** The others' mean-field error may differ by this factor: same work, other random numbers. */
const SAME_WORK = { cd: 1.1, pcd: 1.6 };
/** Fraction of units on in an untrained machine: half, and the weights are so small that chance moves it by less than this. */
const COINS = 0.02;
const FLOAT_ERROR = 1e-5;

const finite = (values) => Array.isArray(values) && values.length > 0 && values.every(Number.isFinite);

function checkTraining(result, baseline) {
  const [first, last] = result.mse ?? [];
  if (!finite([first, last])) return 'no reconstruction error';
  if (!(last < first && first < 0.25)) return `the reconstruction error did not fall: ${first}, ${last}`;
  if (!baseline || result.scaled || result.peer === 'sklearn') return null; // other work: only its fall can be checked
  const factor = last / baseline.mse[1];
  const limit = result.test.startsWith('p') ? SAME_WORK.pcd : SAME_WORK.cd;
  return factor < limit && factor > 1 / limit ? null : `the reconstruction error is ${factor.toFixed(2)} times the baseline's`;
}

const checks = {
  gibbs: ({ on }) => (finite(on) && Math.abs(on[0] - 0.5) < COINS ? null : `${on} of the units are on, not half`),
  transform: ({ error }) => (finite(error) && error[0] < FLOAT_ERROR ? null : `probabilities are wrong by ${error}`),
  eventloop: ({ epochs, training }) => (epochs > 0 && training.ticks > 100 ? null : 'the run or the timer did not go on'),
  endtoend: ({ pictures }) => (pictures?.length === 4 ? null : 'pictures are missing'),
};

/** Null, or why the result does not count. `baseline` is the result of the OpenBLAS program for the same test and threads. */
export function invalid(result, baseline) {
  if (!finite(result.seconds) || !result.seconds.every((s) => s > 0)) return 'no times';
  return tests[result.test].training ? checkTraining(result, baseline) : checks[result.test](result);
}

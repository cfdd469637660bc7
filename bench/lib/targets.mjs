// What boltzkit is to reach, and what a run says that it reaches: the first table of docs/performance.md.
import { find, table } from './markdown.mjs';
import { tests } from './work.mjs';

const BOLTZKIT = 'boltzkit';
const twoDigits = (x) => (x < 10 ? x.toPrecision(2) : x.toFixed(0));

/** Of one test and number of threads: boltzkit's record and that of the other program, which may have no more than one thread. */
function pair(results, test, threads, peer = tests[test].baseline) {
  const ours = find(results, test, BOLTZKIT, threads);
  const theirs = find(results, test, peer, threads) ?? results.find((r) => r.test === test && r.peer === peer && r.oneThread);
  return ours && theirs ? { ours, theirs } : null;
}

const faster = ({ ours, theirs }) => theirs.medianSeconds / ours.medianSeconds;

/** Ratios of several tests, or of one test to several programs, in the order of the targets. */
const ratios =
  (...wanted) =>
  (results, threads) => {
    const found = wanted.map(([test, peer]) => pair(results, test, threads, peer));
    return found.some(Boolean) ? `${found.map((both) => (both ? twoDigits(faster(both)) : '–')).join(' / ')} ×` : '–';
  };

function microseconds(results, threads) {
  const show = (test) => {
    const both = pair(results, test, threads);
    return both ? `${(both.ours.medianSeconds * 1e6).toFixed(1)} µs (baseline ${(both.theirs.medianSeconds * 1e6).toFixed(1)})` : null;
  };
  return [show('transformsync'), show('transform')?.replace(/^/, 'with a promise: ')].filter(Boolean).join('; ') || '–';
}

/** Each test's time with one thread over that with this many. */
function scaling(results, threads) {
  if (threads === 1) return '–';
  const gain = (test) => {
    const [one, many] = [1, threads].map((count) => find(results, test, BOLTZKIT, count));
    return one && many ? `${test} ${twoDigits(one.medianSeconds / many.medianSeconds)}` : null;
  };
  const gains = ['cd1', 'pcd1', 'cd10', 'gibbs', 'big', 'ais'].map(gain).filter(Boolean);
  return gains.length > 0 ? `${gains.join(', ')} ×` : '–';
}

/** By the best times of all: a disturbance is larger than the difference. */
function slower(results, threads) {
  const both = pair(results, 'native', threads);
  return both ? `${(100 * (both.ours.minimumSeconds / both.theirs.minimumSeconds - 1)).toFixed(1)} %` : '–';
}

const othersAtCd1 = ratios(['pcd1', 'sklearn'], ['cd1', 'torch'], ['cd1', 'tfjs'], ['cd1', 'dnn']);

/** what, must, goal, stretch, and what is reached with a number of threads. */
const targets = [
  ['CD-1 epoch, 784–500, batch 100', '2.5 ×', '4 ×', '6 ×', ratios(['cd1'])],
  ['PCD-1 and CD-10 epochs', '2.5 ×', '4 ×', '6 ×', ratios(['pcd1'], ['cd10'])],
  ['block Gibbs, 1,000 chains', '2.5 ×', '4 ×', '6 ×', ratios(['gibbs'])],
  ['4096–4096, batch 256', '1.5 ×', '3 ×', '', ratios(['big'])],
  ['`transform` of one row through the JavaScript API, call included', '≤ 20 µs', '≤ 8 µs', '', microseconds],
  ['AIS 100 × 14,500', '2 ×', '4 ×', '', ratios(['ais'])],
  [
    'against scikit-learn (PCD-1, it has no other) / PyTorch CPU / tfjs-wasm / npm `dnn`, CD-1',
    '5 / 4 / 15 / 250 ×',
    '8 / 7 / 25 / 400 ×',
    '',
    othersAtCd1,
  ],
  ['2 threads over 1 thread', '1.7 ×', '1.9 ×', '', scaling],
  ['JavaScript API over the same native loop', '≤ 2 % slower', '', '', slower],
  ['small machines (64–32, batch 10): updates/s against a plain C++ loop', 'not slower', '2 ×', '', ratios(['small'])],
];

/** The targets, and what a run reaches; ratios are "times faster than the baseline with as many threads". */
export function targetsTable({ results, settings }) {
  const head = ['what', 'must', 'goal', 'stretch', ...settings.threads.map((n) => `reached, ${n} thread${n > 1 ? 's' : ''}`)];
  const rows = targets.map(([...columns]) => {
    const reached = columns.pop();
    return [...columns, ...settings.threads.map((threads) => reached(results, threads))];
  });
  return rows.every((row) => row.slice(4).every((cell) => cell === '–')) ? '' : table(head, rows);
}

/** Peak memory of training on the whole set, beyond that of a bare Node process. */
export function memoryLine({ results }) {
  const line = (test, form) => {
    const checks = results.find((record) => record.test === test)?.checks;
    return checks && `${form} ${checks.beyondMb.toFixed(0)} MB beyond the ${checks.bareMb.toFixed(0)} MB of a bare Node process`;
  };
  const lines = [line('memory', 'grey levels as bytes'), line('memorybits', 'bits')].filter(Boolean);
  return lines.length > 0 ? `Peak memory of training on all rows (must: at most 250 MB): ${lines.join('; ')}.` : '';
}

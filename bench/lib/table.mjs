// Everything that docs/performance.md shows of a file of results.
import { find, table } from './markdown.mjs';
import { peers } from './peers.mjs';
import { maximum } from './statistics.mjs';
import { memoryLine, targetsTable } from './targets.mjs';
import { tests, work } from './work.mjs';

const chainSteps = work.sampleChains * work.sampleSteps;

/** A time in the unit of its test. */
export function show(test, seconds) {
  const { unit } = tests[test];
  if (unit === 'chain-sweeps/s') return `${(chainSteps / seconds / 1000).toPrecision(3)} k/s`;
  if (unit === 'updates/s') return `${(1 / seconds / 1000).toPrecision(3)} k/s`;
  if (unit === 'us') return `${(seconds * 1e6).toFixed(1)} µs`;
  if (unit === 'ms') return `${(seconds * 1e3).toFixed(2)} ms`;
  return `${seconds.toPrecision(3)} s`;
}

const labelOf = (name) => peers.find((peer) => peer.name === name)?.label ?? name;
const times = (x) => `${x.toFixed(2)} ×`;

/** Median and, in brackets, the multiple of the baseline's median at as many threads. */
function cell(results, test, peer, threads) {
  const record = find(results, test, peer, threads);
  if (!record) return '–';
  const { baseline: name } = tests[test];
  const baseline = find(results, test, name, threads);
  const ratio = baseline && peer !== name ? ` (${times(record.medianSeconds / baseline.medianSeconds)})` : '';
  const scaled = record.checks.scaled ? '\\*' : '';
  return `${show(test, record.medianSeconds)}${ratio}${scaled}`;
}

/** Programs down, tests and threads across. */
export function peersTable({ results, settings }, chosen) {
  const shown = chosen.filter((test) => results.some((record) => record.test === test));
  if (shown.length === 0) return '';
  const columns = shown.flatMap((test) => settings.threads.map((threads) => ({ test, threads })));
  const names = peers.map((peer) => peer.name).filter((name) => results.some((r) => r.peer === name && shown.includes(r.test)));
  const head = ['', ...columns.map(({ test, threads }) => `${test}, ${threads} thr`)];
  return table(
    head,
    names.map((name) => [labelOf(name), ...columns.map(({ test, threads }) => cell(results, test, name, threads))]),
  );
}

function limitCells(record, limits) {
  if (!record.gflops) return ['–', '–'];
  const peak = limits.find((limit) => limit.threads === record.threads)?.fmaGflops;
  return [record.gflops.toFixed(0), `${((100 * record.gflops) / peak).toFixed(0)} %`];
}

/** Each of boltzkit's own figures beside the machine's limit. */
export function ownTable({ results, limits }) {
  const rows = results
    .filter((record) => record.peer === 'boltzkit' && record.test !== 'eventloop')
    .map((record) => [
      tests[record.test].title,
      record.threads,
      show(record.test, record.medianSeconds),
      show(record.test, record.minimumSeconds),
      ...limitCells(record, limits),
      record.rssMb ? `${record.rssMb.toFixed(0)} MB` : '–',
    ]);
  if (rows.length === 0) return '';
  return table(['boltzkit', 'threads', 'median', 'best', 'GFLOP/s (dense)', 'of FMA peak', 'peak memory'], rows);
}

export function eventLoopLine({ results }) {
  const record = results.find((r) => r.test === 'eventloop');
  if (!record) return '';
  const ms = ({ p50, p99, max }) => `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, max ${max.toFixed(1)} ms`;
  return `Event-loop delay while ${record.threads} threads train: ${ms(record.checks.training)}; idle: ${ms(record.checks.idle)}.`;
}

const kernelSet = ({ core, tried }) => tried.find((candidate) => candidate.core === core).kernels;

/** How many rounds the tests had: not all as many when some were added later. */
function roundsLine({ results }) {
  const most = (test) => maximum(results.filter((record) => record.test === test).map((record) => record.rounds.length));
  const counts = [...new Set(results.map(({ test }) => test))].map((test) => ({ test, count: most(test) }));
  const kinds = [...new Set(counts.map(({ count }) => count))].sort((a, b) => b - a);
  if (kinds.length === 1) return `${kinds[0]} rounds, medians.`;
  const testsOf = (kind) =>
    kind === kinds.at(-1)
      ? 'the others'
      : counts
          .filter(({ count }) => count === kind)
          .map(({ test }) => test)
          .join(', ');
  return `Rounds, of which medians are shown: ${kinds.map((kind) => `${kind} of ${testsOf(kind)}`).join('; ')}.`;
}

const figure = ({ test, rssMb, medianSeconds }) => (test.startsWith('memory') ? rssMb : medianSeconds);

/** Times of another checkout beside this one's. Memory tests: peak memory. Ratios: after / before, below 1 is better. */
export function beforeAndAfter({ results }) {
  const rows = results
    .filter((record) => record.peer === 'boltzkit')
    .flatMap((after) => {
      const before = find(results, after.test, 'before', after.threads);
      if (!before) return [];
      const ratio = figure(after) / figure(before);
      const best = after.minimumSeconds / before.minimumSeconds;
      const shown = (record) =>
        record.test.startsWith('memory') ? `${record.rssMb.toFixed(0)} MB` : show(record.test, record.medianSeconds);
      return [[tests[after.test].title, after.threads, shown(before), shown(after), ratio.toFixed(3), best.toFixed(3)]];
    });
  return rows.length === 0 ? '' : table(['test', 'threads', 'before', 'after', 'medians', 'best times'], rows);
}

/** Everything that docs/performance.md shows of a run. */
export function summary(run) {
  const { machine, limits, settings, date, versions } = run;
  const peaks = limits.map((limit) => `${limit.fmaGflops.toFixed(0)} GFLOP/s on ${limit.threads}`).join(', ');
  const conditions = [
    `${machine.cpu}, ${machine.cores} cores${machine.virtual ? ' (virtual machine)' : ''}, ${machine.system}, Node ${machine.node}; ${date}.`,
    `Peak of fp32 multiply-adds, measured in the same session: ${peaks}. ${settings.data}. ${roundsLine(run)}`,
    versions.blas ? `OpenBLAS kernel set: ${kernelSet(versions.blas)}, the fastest of those tried.` : '',
  ];
  const parts = [
    conditions.join('\n').trim(),
    targetsTable(run),
    memoryLine(run),
    peersTable(run, ['cd1', 'pcd1', 'cd10', 'pcd10']),
    peersTable(run, ['gibbs', 'gibbscentred', 'transform', 'transformsync']),
    peersTable(run, ['big', 'ais', 'small', 'native']),
    ownTable(run),
    eventLoopLine(run),
  ];
  return parts.filter(Boolean).join('\n\n');
}

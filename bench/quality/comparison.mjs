// Whether two devices learn equally well: the difference of their mean log-likelihoods beside the spread over seeds.
import { table } from '../lib/markdown.mjs';
import { mean } from '../lib/statistics.mjs';

const deviation = (values) => Math.sqrt(values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (values.length - 1));

/**
 * Of the runs of one machine, { name, device, seed, mean, low, high }: figures per seed, mean difference (CPU minus reference) and its standard error, the standard deviation
 * over seeds of either device and of both pooled, and the mean width of the brackets of log Z. Equal when the difference is smaller than the pooled one.
 */
export function compare(name, runs) {
  const of = (device) => runs.filter((run) => run.name === name && run.device === device);
  const [cpu, reference] = [of('cpu'), of('reference')].map((list) => list.map((run) => run.mean));
  const difference = mean(cpu) - mean(reference);
  const [cpuSpread, referenceSpread] = [deviation(cpu), deviation(reference)];
  const spread = Math.sqrt((cpuSpread ** 2 + referenceSpread ** 2) / 2);
  const standardError = spread * Math.sqrt(1 / cpu.length + 1 / reference.length);
  const bracket = mean([...of('cpu'), ...of('reference')].map(({ low, high }) => high - low));
  return {
    name,
    cpu,
    reference,
    difference,
    standardError,
    cpuSpread,
    referenceSpread,
    spread,
    bracket,
    equal: Math.abs(difference) < spread,
  };
}

const nats = (x) => x.toFixed(2).replace('-', '−');

export function markdown(comparisons) {
  const head = [
    'test log-likelihood, nats',
    'CPU, per seed',
    'reference, per seed',
    'mean difference',
    'spread over seeds',
    'width of a bracket',
  ];
  const rows = comparisons.map(({ name, cpu, reference, difference, standardError, spread, bracket }) => [
    name,
    cpu.map(nats).join(', '),
    reference.map(nats).join(', '),
    `${nats(difference)} ± ${nats(standardError)}`,
    nats(spread),
    bracket > 0.005 ? nats(bracket) : 'exact',
  ]);
  return table(head, rows);
}

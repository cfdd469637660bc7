// What the runs of bench/quality/defaults.mjs say: means over seeds, and the share of the gain
// over independent units that is reached.
import { table } from '../lib/markdown.mjs';
import { mean } from '../lib/statistics.mjs';
import { candidates, former } from './default-rules.mjs';

/** A gain in nats below which shares of it mean nothing. */
const leastGain = 0.1;

const round = (x) => (x === null ? null : Number(x.toFixed(3)));

function ofLabel(label, runs) {
  const diverged = runs.filter((run) => run.value === null).length;
  const finished = runs.filter((run) => run.value !== null);
  const average = (key) => (finished.length ? round(mean(finished.map((run) => run[key]))) : null);
  const times = { seconds: average('seconds'), cpuSeconds: average('cpuSeconds') };
  const rollbacks = finished.reduce((sum, run) => sum + run.rollbacks, 0);
  return {
    label,
    ...runs[0].plan,
    mean: diverged ? null : average('value'),
    values: runs.map((run) => round(run.value)),
    diverged,
    rollbacks,
    ...times,
  };
}

/**
 * Of one set: means over seeds by label (null where a run diverged), of independent units, and the
 * best label.
 */
export function summary(name, runs) {
  const labels = [...new Set(runs.map((run) => run.label))];
  const settings = labels.map((label) =>
    ofLabel(
      label,
      runs.filter((run) => run.label === label),
    ),
  );
  const base = runs[0].base === null ? null : round(mean(runs.map((run) => run.base)));
  const best = settings.reduce((a, b) => ((b.mean ?? -Infinity) > (a.mean ?? -Infinity) ? b : a));
  const seeds = [...new Set(runs.map((run) => run.seed))];
  return { name, seeds, base, best: best.label, settings };
}

const nats = (x) => x.toFixed(2).replace('-', '−');

/**
 * Share of the gain reached, or nats above independent units where there is next to nothing to
 * gain.
 */
function gain(setting, base, best) {
  if (!setting) return '';
  const { mean: value } = setting;
  if (value === null) return 'diverged';
  if (best - base < leastGain) return `${nats(value - base)} nats`;
  return `${Math.round((100 * (value - base)) / (best - base))} %`;
}

function line({ name, base, best, settings }) {
  const of = (label) => settings.find((setting) => setting.label === label);
  const top = of(best).mean;
  const shares = [former, ...candidates].map((label) => gain(of(label), base, top));
  return [name, nats(base), `${nats(top)} (${best})`, ...shares];
}

/** The candidates beside the best setting, one line a set. */
export function markdown(summaries) {
  const tables = summaries.filter(({ base }) => base !== null);
  return table(['set', 'independent', 'best', former, ...candidates], tables.map(line));
}

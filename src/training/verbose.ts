import { MultiBar, Presets } from 'cli-progress';
import type { EpochReport, Progress } from './reports.js';
import type { TrainingRun } from './run.js';

/** Between two lines where there is no terminal, in milliseconds. */
const interval = 10_000;
/** Between two looks at a run for a bar, in milliseconds. */
const tick = 200;

/** A report of any run, as far as a line about it goes. */
interface Shown {
  readonly epoch: number;
}

/** Shows on stderr how a run of a machine comes on: a bar in a terminal, else a line now and then. Never ends or delays the run. */
export function showRun(run: TrainingRun, call: string, stream?: NodeJS.WriteStream): void {
  showReports(run, call, metricsText, stream);
}

/** As {@link showRun}, for a run of anything; `text` are the numbers of a report. */
export function showReports<R extends Shown>(
  run: TrainingRun<R>,
  call: string,
  text: (report: R) => string,
  stream: NodeJS.WriteStream = process.stderr,
): void {
  void (stream.isTTY ? bar(run, text, stream) : lines(run, call, text, stream));
}

async function bar<R extends Shown>(run: TrainingRun<R>, text: (report: R) => string, stream: NodeJS.WriteStream): Promise<void> {
  const bars = new MultiBar(
    { stream, hideCursor: true, clearOnComplete: false, format: '{bar} {value}/{total} updates, {left}{metrics}' },
    Presets.shades_classic,
  );
  const shown = bars.create(1, 0, { left: '', metrics: '' });
  const look = (metrics?: string): void => {
    const { update, updates } = run.progress;
    shown.setTotal(Math.max(updates, 1));
    shown.update(update, { left: left(run.progress), ...(metrics === undefined ? {} : { metrics }) });
  };
  const timer = setInterval(look, tick);
  timer.unref();
  try {
    for await (const report of run.reports()) look(`, ${text(report)}`);
  } finally {
    clearInterval(timer);
    look();
    bars.stop();
  }
}

async function lines<R extends Shown>(
  run: TrainingRun<R>,
  call: string,
  text: (report: R) => string,
  stream: NodeJS.WriteStream,
): Promise<void> {
  let [told, first] = [performance.now(), true];
  let last: R | undefined;
  const tell = (report: R): void => {
    const { update, updates } = run.progress;
    stream.write(`${call}: update ${update} of ${updates}, epoch ${report.epoch}, ${text(report)}, ${left(run.progress)}\n`);
    [told, first, last] = [performance.now(), false, undefined];
  };
  for await (const report of run.reports()) {
    last = report;
    if (first || performance.now() - told > interval) tell(report);
  }
  if (last !== undefined) tell(last);
}

function left({ update, updates, secondsLeft }: Progress): string {
  if (update >= updates && updates > 0) return 'done';
  return secondsLeft === null ? 'starting' : `${Math.ceil(secondsLeft)} s left`;
}

/** The numbers of a machine's report, in words. */
export function metricsText({ pseudoLikelihood, baseline, freeEnergyGap, labels }: EpochReport): string {
  const error = labels?.validationError ?? labels?.error ?? null;
  const parts = [
    ...(error === null ? [] : [`error ${(100 * error).toFixed(2)} %`]),
    ...(pseudoLikelihood === null ? [] : [`log pseudo-likelihood ${pseudoLikelihood.toFixed(2)}`]),
    ...(baseline === null ? [] : [`(independent units ${baseline.toFixed(2)})`]),
    ...(freeEnergyGap === null ? [] : [`free-energy gap ${freeEnergyGap.toFixed(2)}`]),
  ];
  return parts.join(' ');
}

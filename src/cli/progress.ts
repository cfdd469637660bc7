import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress';
import { duration, fixed, intervalText, shown } from '../runs/format.js';
import type { EpochRecord } from '../runs/record.js';
import type { HealthHint } from '../training/hints.js';
import type { Progress } from '../training/reports.js';
import type { Output } from './output.js';

/** What a view shows, as the run's options say. */
export interface Shown {
  epochs: number;
  /** Whether there is a column for log-likelihoods. */
  evaluated: boolean;
}

/** A long run prints every second, third … epoch, so that about this many lines tell it. */
const MOST_LINES = 40;

/** Lines of a terminal that a picture leaves to the bar and the table. */
const ROOM = 4;
const ERASE_REST = '\u001b[K';

const COLUMNS = '   epoch      log-PL     F gap  chain gap     rms W        lr      time';
const LIKELIHOOD_COLUMN = 'log-likelihood (95 %)';
const LIKELIHOOD_WIDTH = 34;

/**
 * The evaluation's likelihood, or without one what the algorithm itself knows; a question mark
 * where it has not converged.
 */
function likelihoodCell({ evaluation, logLikelihood }: EpochRecord): string {
  if (evaluation === null) return logLikelihood === null ? '–' : intervalText(logLikelihood);
  const { mean, low, high } = evaluation.logLikelihood;
  return `${intervalText({ value: mean, low, high })}${evaluation.converged ? '' : ' ?'}`;
}

function epochLine(report: EpochRecord, { epochs, evaluated }: Shown): string {
  const cells: [string, number][] = [
    [`${report.epoch}/${epochs}`, 8],
    [fixed(report.pseudoLikelihood), 12],
    [fixed(report.freeEnergyGap), 10],
    [fixed(report.chainFreeEnergyGap), 11],
    [fixed(report.weightNorm, 4), 10],
    [report.learningRate.toPrecision(2), 10],
    [duration(report.seconds), 10],
    ...(evaluated ? [[likelihoodCell(report), LIKELIHOOD_WIDTH] satisfies [string, number]] : []),
  ];
  return cells.map(([text, width]) => text.padStart(width)).join('');
}

/**
 * Shows training as it goes: a bar with the time left on a terminal, plain lines in a pipe, JSON
 * lines with `--json`.
 */
export class ProgressView {
  readonly #output: Output;
  readonly #shown: Shown;
  #bars: MultiBar | null = null;
  #bar: SingleBar | null = null;
  #rollbacks = 0;
  readonly #warned = new Set<string>();
  #quality = '–';
  /**
   * Lines below the bar that show what the machine has learnt, one bar each so that they are
   * redrawn in place.
   */
  #pictureBars: SingleBar[] = [];
  #picture: readonly string[] = [];
  #logged = 0;
  /** A second Ctrl-C ends the process at once: even then the cursor comes back. */
  readonly #restoreTerminal = (): void => this.end();

  constructor(output: Output, shown: Shown) {
    this.#output = output;
    this.#shown = shown;
  }

  start(update: number, updates: number): void {
    this.#output.line(COLUMNS + (this.#shown.evaluated ? LIKELIHOOD_COLUMN.padStart(LIKELIHOOD_WIDTH) : ''));
    if (!this.#output.interactive) return;
    this.#bars = new cliProgress.MultiBar({
      format: '  {bar} {percentage} %  update {value}/{total}  log-PL {quality}  {left} left{mark}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 30,
      hideCursor: true,
      stream: process.stdout,
      fps: 5,
      clearOnComplete: true,
      // The command has signal handlers of its own.
      gracefulExit: false,
      emptyOnZero: true,
    });
    process.once('exit', this.#restoreTerminal);
    this.#bar = this.#bars.create(updates, update, { left: '–', quality: this.#quality, mark: this.#mark() });
  }

  /** Whether there is a bar on a terminal, with pictures below it. */
  get isDrawn(): boolean {
    return this.#bars !== null;
  }

  step({ update, secondsLeft }: Progress): void {
    this.#bar?.update(update, { left: duration(secondsLeft ?? Number.NaN), quality: this.#quality });
  }

  epoch(report: EpochRecord, hints: readonly HealthHint[]): void {
    this.#output.record({ event: 'epoch', ...report, hints });
    this.#quality = fixed(report.pseudoLikelihood, 1);
    const rolledBack = report.rollbacks > this.#rollbacks;
    this.#rollbacks = report.rollbacks;
    if (rolledBack) this.#line('  note: training diverged; it goes on from its last good state with a lower learning rate');
    const warnings = [...report.warnings, ...(report.evaluation?.warnings ?? [])].filter((warning) => !this.#warned.has(warning));
    if (hints.length > 0 || report.evaluation !== null || this.#isShown(report.epoch)) this.#line(epochLine(report, this.#shown));
    for (const { text } of hints) this.#line(`  hint: ${text}`);
    for (const warning of warnings) {
      this.#warned.add(warning);
      this.#line(`  note: ${warning}`);
    }
  }

  /**
   * Shows lines below the bar, in place of those before: what `preview` makes of filters or
   * samples. Only in a terminal with room for them, and only while training goes on; else nothing
   * happens.
   */
  picture(lines: readonly string[]): void {
    if (this.#bars === null || lines.length + ROOM > (process.stdout.rows ?? 0)) return;
    while (this.#pictureBars.length < lines.length) {
      this.#pictureBars.push(this.#bars.create(1, 0, { line: '' }, { format: '{line}' }));
    }
    this.#picture = lines;
    this.#drawPicture();
  }

  /** Takes the bar away; safe to call twice. */
  end(): void {
    // Lines that wait for the next redraw would be lost.
    this.#bars?.update();
    this.#bars?.stop();
    this.#bars = null;
    this.#bar = null;
    this.#pictureBars = [];
    process.off('exit', this.#restoreTerminal);
  }

  #isShown(epoch: number): boolean {
    const { epochs } = this.#shown;
    const stride = Math.ceil(epochs / MOST_LINES);
    return epoch === 1 || epoch === epochs || epoch % stride === 0;
  }

  #line(text: string): void {
    if (this.#bars === null) {
      this.#output.line(text);
      return;
    }
    // The line is written over one of the picture, which may be longer.
    this.#bars.log(`${shown(text)}${ERASE_REST}\n`);
    this.#logged++;
    this.#bar?.update({ mark: this.#mark() });
    this.#drawPicture();
  }

  #drawPicture(): void {
    for (const [i, bar] of this.#pictureBars.entries()) bar.update({ line: `${this.#picture[i] ?? ''}${this.#mark()}` });
  }

  /**
   * Codes without effect, others after every line: what was written over is redrawn only where its
   * text is another than before.
   */
  #mark(): string {
    return `\u001b[38;5;${this.#logged % 256}m\u001b[0m`;
  }
}

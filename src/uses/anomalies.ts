/**
 * Rows that do not fit, with a stated rate of false alarms.
 *
 * Split conformal prediction (Vovk, Gammerman & Shafer 2005; as p-values Laxhammar & Falkman 2010):
 * with the scores s_1 … s_n of n ordinary rows that the machine was not trained on, a new row with
 * score s has
 *
 *   p = (1 + #{i : s_i ≥ s}) / (n + 1),      an alarm where p ≤ α.
 *
 * If the new row and the n are exchangeable, whatever the machine and its scores are,
 *
 *   α − 1 / (n + 1) < P(alarm) ≤ α           (the lower bound where scores do not repeat),
 *
 * a probability over calibration rows and new row together. Given the n rows, the rate over all new
 * rows follows Beta(k, n + 1 − k), k = ⌊α (n + 1)⌋ (Vovk 2012, for continuous scores).
 */
import { z } from 'zod';
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import { FormatError, ParameterError } from '../errors.js';
import type { ScoreOptions, Scores } from '../estimators/score.js';
import { got } from '../got.js';
import { type Patience, readPatience } from '../machine/patience.js';
import type { Nats } from '../models/results.js';
import type { ModelSummary } from '../models/trainable.js';

/** A machine that scores rows: an `RBM`, a `BoltzmannMachine`. */
export interface ScoringMachine<Rows> {
  /** Scores of rows, lower for likelier ones. */
  score(rows: Rows, options?: ScoreOptions): Promise<Scores>;
  /** What the machine is. */
  toJSON(): ModelSummary;
}

/** How a detector is calibrated. */
export interface AnomalyOptions extends Patience {
  /** Share of ordinary rows that may be called anomalous, in (0, 1). Default 0.01. */
  readonly falseAlarms?: number | undefined;
}

const json = z.strictObject({
  format: z.literal('boltzkit-anomaly-detector'),
  version: z.literal(1),
  falseAlarms: z.number().gt(0).lt(1),
  layers: z.record(z.string(), z.string()),
  scores: z.array(z.number()).min(1),
});

/** A detector without its machine, for a file. */
export interface AnomalyDetectorJson {
  /** What the file is. */
  readonly format: 'boltzkit-anomaly-detector';
  /** Of the form of this object. */
  readonly version: 1;
  /** Share of ordinary rows that may be called anomalous. */
  readonly falseAlarms: number;
  /** Units of the machine's layers. */
  readonly layers: Readonly<Record<string, string>>;
  /** Scores of the ordinary rows, rising. */
  readonly scores: readonly number[];
}

/**
 * Tells anomalous rows from ordinary ones; made by {@link anomalyDetector}. It uses the machine as it
 * is: train that again, and its thresholds are void.
 */
export class AnomalyDetector<Rows> {
  readonly #machine: ScoringMachine<Rows>;
  readonly #scores: Float64Array;
  /** Share of ordinary rows that may be called anomalous. */
  readonly falseAlarms: number;

  /** @internal */
  constructor(machine: ScoringMachine<Rows>, scores: Float64Array, falseAlarms: number) {
    this.#machine = machine;
    this.#scores = scores.toSorted();
    this.falseAlarms = falseAlarms;
  }

  /** Ordinary rows behind the threshold. */
  get rows(): number {
    return this.#scores.length;
  }

  /** Rows with a score above this are anomalous, in nats. */
  get threshold(): number {
    return this.#scores[this.rows - mostAbove(this.rows, this.falseAlarms)] as number;
  }

  /** How unusual rows are: the machine's own `score`, [n], in nats; higher for odder ones. */
  async score(rows: Rows, options?: ScoreOptions): Promise<Nats> {
    return (await this.#machine.score(rows, options)).values;
  }

  /**
   * Conformal p-values, [n]: of an ordinary row, P(p ≤ α) ≤ α for every α. The smallest possible one
   * is 1 / (rows + 1).
   */
  async pValues(rows: Rows, options?: ScoreOptions): Promise<Nats> {
    const scores = await this.score(rows, options);
    return array(
      scores.data.map((score) => (1 + this.#above(score)) / (this.rows + 1)),
      [scores.data.length],
    );
  }

  /** Which rows are anomalous, [n]: 1 where the score lies above {@link threshold}. */
  async isAnomalous(rows: Rows, options?: ScoreOptions): Promise<NdArray<Uint8Array>> {
    const { data } = await this.score(rows, options);
    return array(
      Uint8Array.from(data, (score) => Number(score > this.threshold)),
      [data.length],
    );
  }

  /** Calibration scores that are at least as high. */
  #above(score: number): number {
    let [low, high] = [0, this.rows];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#scores[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    return this.rows - low;
  }

  /** What `JSON.stringify` writes: the scores of the ordinary rows and the rate. The machine has a file of its own. */
  toJSON(): AnomalyDetectorJson {
    const { layers } = this.#machine.toJSON();
    return { format: 'boltzkit-anomaly-detector', version: 1, falseAlarms: this.falseAlarms, layers, scores: [...this.#scores] };
  }

  /**
   * A detector from what {@link toJSON} gave, over the machine it was calibrated with, loaded from
   * its own file.
   *
   * @throws {@link FormatError} unless the object describes a detector, {@link ParameterError} where
   *   the machine has other layers.
   */
  static from<Rows>(machine: ScoringMachine<Rows>, given: unknown): AnomalyDetector<Rows> {
    const call = 'AnomalyDetector.from';
    const { success, data, error } = readFrom(call, 'json', () => json.safeParse(given));
    const [issue] = error?.issues ?? [];
    if (!success)
      throw new FormatError(`${call}: \`json\` does not describe a detector: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
    const { layers } = readMachine(call, machine).toJSON();
    const expected = layersText(data.layers);
    if (expected !== layersText(layers)) {
      throw new ParameterError(`${call}: \`machine\` must have the layers of calibration (${expected}), got ${layersText(layers)}`);
    }
    if (mostAbove(data.scores.length, data.falseAlarms) < 1) {
      throw new FormatError(`${call}: \`json.scores\` must be at least ${leastRows(data.falseAlarms)}, got ${data.scores.length}`);
    }
    return new AnomalyDetector(machine, Float64Array.from(data.scores), data.falseAlarms);
  }
}

/**
 * A detector of anomalous rows whose rate of false alarms is at most `falseAlarms`, calibrated on
 * ordinary rows that the machine was **not** trained on: among new rows of the same kind, the
 * expected share of alarms is at most that, whatever the machine has learnt.
 *
 * @param machine - An `RBM` or a `BoltzmannMachine`; rows may lack values, as for `score`.
 * @param ordinaryRows - At least 1 / falseAlarms − 1 of them: 99 for 0.01. More make the rate less
 *   a matter of chance.
 * @throws {@link ParameterError} on too few rows or a rate out of (0, 1), and as `score` rejects.
 */
export async function anomalyDetector<Rows>(
  machine: ScoringMachine<Rows>,
  ordinaryRows: Rows,
  options?: AnomalyOptions,
): Promise<AnomalyDetector<Rows>> {
  const call = 'anomalyDetector';
  const { falseAlarms, ...rest } = readOptions(call, options, ['falseAlarms', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const rate = check.openFraction('falseAlarms', falseAlarms, 0.01);
  const { values } = await readMachine(call, machine).score(ordinaryRows, readPatience(check, rest));
  const rows = values.data.length;
  if (mostAbove(rows, rate) > 0) return new AnomalyDetector(machine, values.data, rate);
  throw new ParameterError(`${call}: \`ordinaryRows\` must be at least ${leastRows(rate)} for \`falseAlarms\` of ${rate}, got ${rows}`);
}

/** k = ⌊α (n + 1)⌋, with α (n + 1) taken as whole where rounding alone keeps it below: 0.01 · 100. */
function mostAbove(rows: number, rate: number): number {
  return Math.min(rows, Math.floor(rate * (rows + 1) * (1 + 2 ** -50)));
}

/** Ordinary rows without which no score is high enough for an alarm. */
function leastRows(rate: number): number {
  return Math.ceil((1 - 2 ** -50) / rate) - 1;
}

function readMachine<Rows>(call: string, machine: ScoringMachine<Rows>): ScoringMachine<Rows> {
  if (typeof machine?.score === 'function') return machine;
  throw new ParameterError(`${call}: \`machine\` must be an RBM or a BoltzmannMachine, got ${got(machine)}`);
}

function layersText(layers: Readonly<Record<string, string>>): string {
  return Object.entries(layers)
    .map(([name, units]) => `${name}: ${units}`)
    .join(', ');
}

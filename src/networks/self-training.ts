/** Training on rows of which only some have a label: rounds of guesses and of learning from them. */
import { type OptionCheck, readOptions } from '../arguments.js';
import type { LayerInput } from '../machine/host.js';
import { runJob } from '../machine/job.js';
import type { NativeLayerRows } from '../machine/native.js';
import { NetworkHost } from '../machine/network-host.js';
import { secondsLeft } from '../machine/patience.js';
import type { Progress } from '../training/reports.js';
import { announcing, partOfRun, type RunControl } from '../training/run.js';
import { oneHotRows } from './classes.js';
import type { Loss } from './layers.js';
import { type NetworkTrainingOptions, settingNames } from './options.js';
import type { NetworkPlan, NetworkRecord, NetworkRunOptions } from './plan.js';
import { type PseudoLabelSettings, type PseudoLabels, pseudoLabels, unknown } from './pseudo-labels.js';
import type { NetworkReport } from './reports.js';
import { packed, trainHeld } from './train.js';

/** How a classifier trains itself. Options of {@link NetworkTrainingOptions} are those of a round. */
export type SelfTrainingOptions<Validation> = NetworkTrainingOptions &
  Pick<NetworkRunOptions<Validation>, 'validation' | 'signal' | 'onProgress' | 'verbose'> & {
    /** Guesses, each followed by learning from them. Default 4. */
    readonly rounds?: number | undefined;
    /** Passes over the rows of a round. Default 3. */
    readonly epochs?: number | undefined;
    /** The least probability of a guess that is learnt from, in [0, 1]. Default 0.9. */
    readonly threshold?: number | undefined;
    /**
     * The least share of labelled rows among those of a round, in [0, 1): they come several times
     * for it. Default 0.25.
     */
    readonly labelledShare?: number | undefined;
    /**
     * Weighs classes so that guesses are as often of each as labels are (Berthelot et al.,
     * "ReMixMatch", 2020, section 3.1). Leave it out (false) where the classes of the labelled rows
     * are not as frequent as those of the others. Default true.
     */
    readonly balance?: boolean | undefined;
  };

/** A report of an epoch of self-training; `epoch` and `update` count in its round. */
export interface SelfTrainingReport extends NetworkReport {
  /** From 1. */
  readonly round: number;
  /** Rows of this round with a guess. */
  readonly guessed: number;
  /** Share of all rows without a label whose likeliest class is another than a round ago; null in the first. */
  readonly changed: number | null;
}

const ownNames = ['rounds', 'threshold', 'labelledShare', 'balance'] as const;

/** What self-training has beside a run over the rows of a round. */
export interface SelfTrainingSettings extends PseudoLabelSettings {
  readonly rounds: number;
}

/** Reads the options, and leaves those of a round. */
export function readSelfTraining(check: OptionCheck, options: unknown): { settings: SelfTrainingSettings; round: object } {
  const names = [...ownNames, ...settingNames, 'validation', 'signal', 'onProgress', 'verbose'] as const;
  const { rounds, threshold, labelledShare, balance, ...given } = readOptions(check.call, options, names);
  const settings = {
    rounds: check.integer('rounds', rounds, 4),
    threshold: check.number('threshold', threshold, 0.9, 0, 1),
    labelledShare: check.number('labelledShare', labelledShare, 0.25, 0, 1, true),
    balance: check.flag('balance', balance, true),
  };
  return { settings, round: { ...given, epochs: given.epochs ?? 3 } };
}

/** A run about to begin: the plan of its rounds, over all rows. */
export interface SelfTrainingPlan {
  readonly settings: SelfTrainingSettings;
  readonly rows: LayerInput;
  /** One class per row, or {@link unknown}. */
  readonly labels: Int32Array;
  readonly classes: number;
  readonly round: NetworkPlan;
}

/**
 * Trains a network by rounds. Whatever ends the run, the network stands at its last complete update.
 * `keep` is given where each round stands.
 */
export async function selfTrain(
  machine: NetworkHost,
  loss: Loss,
  { settings, rows, labels, classes, round: planned }: SelfTrainingPlan,
  control: RunControl<SelfTrainingReport>,
  keep: (record: NetworkRecord) => void,
): Promise<void> {
  const { call, signal } = planned;
  // Now, so that small inputs are taken before the public call returns, even if it has to wait.
  const packing = Promise.all([
    packed(machine, { rows, targets: null }, signal),
    planned.validation && packed(machine, planned.validation, signal),
  ]);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  const outputs = machine.outputLayer;
  await machine.train(call, true, async (hold) => {
    signal?.throwIfAborted();
    const [all, validation] = await packing;
    const whole = wholeProgress(settings.rounds);
    let { previous } = planned;
    let before: Int32Array | null = null;
    for (let round = 1; round <= settings.rounds && !control.stopped.aborted; round++) {
      const probabilities = await runJob(() => hold.native.forward(all.rows, NetworkHost.nativeLayer(outputs)), { call, signal });
      const chosen = pseudoLabels(labels, probabilities, settings);
      const targets = { layer: outputs, host: oneHotRows(chosen.classes, classes), where: rows.where };
      const [{ rows: wanted }] = (await machine.pack([targets], signal, false)) as [NativeLayerRows];
      const data = { rows: machine.select(rows.layer, all.rows, chosen.rows), targets: wanted };
      const batchSize = Math.min(planned.settings.batchSize, chosen.rows.length);
      const progress = whole(round);
      const own = { round, guessed: chosen.guessed, changed: before && changedShare(labels, before, chosen.likeliest) };
      const plan = { ...planned, data, validation, previous, settings: { ...planned.settings, batchSize } };
      const onProgress = planned.onProgress && ((reached: Progress) => planned.onProgress?.(progress(reached)));
      const part = partOfRun(control, { report: (report: NetworkReport): SelfTrainingReport => ({ ...report, ...own }), progress });
      const told = announcing(part, warningsOf(chosen, settings, previous === null));
      await trainHeld({ machine, hold }, loss, { ...plan, onProgress }, told, (record) => {
        previous = record;
        // Not for `fit` to resume, whose rows are others.
        keep({ ...record, stoppedEarly: record.step < record.totalSteps });
      });
      before = chosen.likeliest;
    }
  });
}

function warningsOf({ guessed }: PseudoLabels, { threshold }: SelfTrainingSettings, untrained: boolean): readonly string[] {
  return [
    ...(untrained ? ['`fit` on the labelled rows did not come before: guesses are worth what the parameters are'] : []),
    ...(guessed > 0 ? [] : [`no row without a label has a class of probability ${threshold}: this round learns labels only`]),
  ];
}

/** Of the rows without a label, the share with another class than before. */
function changedShare(labels: Int32Array, before: Int32Array, now: Int32Array): number {
  const [changed, all] = [now.filter((label, r) => label !== before[r]), labels.filter((label) => label === unknown)];
  return changed.length / all.length;
}

/**
 * Progress of all rounds, given that of one, of which later ones are taken to have as many updates
 * as the one under way.
 */
function wholeProgress(rounds: number): (round: number) => (part: Progress) => Progress {
  const began = performance.now();
  let done = 0;
  return (round) => {
    const before = done;
    return ({ update, updates, epoch, epochs, fraction }) => {
      done = before + update;
      const whole = (round - 1 + fraction) / rounds;
      return {
        ...{ update: done, updates: before + (rounds - round + 1) * updates },
        ...{ epoch: (round - 1) * epochs + epoch, epochs: rounds * epochs, fraction: whole },
        secondsLeft: whole > 0 ? secondsLeft(began, whole, 1 - whole) : null,
      };
    };
  };
}

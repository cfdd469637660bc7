import { array } from '../data/ndarray.js';
import type { Evaluation, Interval, LogLikelihood, PartitionEstimate } from '../machine/evaluation-results.js';
import type { LayerInput, Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeMachine, NativePartition } from '../machine/native.js';
import type { EvaluateControl } from './evaluate-options.js';

export type {
  Evaluation,
  Interval,
  LogLikelihood,
  Partition,
  PartitionEstimate,
  PartitionMethod,
  Trust,
} from '../machine/evaluation-results.js';

/** Fewer samples than this, by their weights, tell nothing. */
const leastSamples = 10;
/** Rungs that overlap less are as good as not linked. */
const leastOverlap = 0.03;
/** Annealing in both directions must agree to so many nats. */
const largestGap = 1;

/** log Z, inside {@link Machine.exclusive} only. `rows` say where annealing begins; they may be left out. */
export async function partitionWithin(
  machine: Machine,
  native: NativeMachine,
  rows: NativeLayerRows[],
  control: EvaluateControl,
  call: string,
): Promise<PartitionEstimate> {
  const { method, chains, betas, temperatures, warmup, signal } = control;
  const found = await machine.run(call, () => native.partition({ method, rows, chains, betas, temperatures, warmup }), signal);
  return described(found, control);
}

/**
 * Refuses what {@link evaluatePacked} would, with its errors and in little time: before a training run that is to be evaluated, say.
 */
export async function checkPacked(
  machine: Machine,
  native: NativeMachine,
  packed: NativeLayerRows[],
  { method, chains, betas, temperatures, warmup, signal }: EvaluateControl,
  call: string,
): Promise<void> {
  await machine.run(call, () => native.rowSums(packed), signal);
  const cancelled = new AbortController();
  // Options are checked against the machine when the job is started.
  const job = machine.run(call, () => native.partition({ method, rows: packed, chains, betas, temperatures, warmup }), cancelled.signal);
  cancelled.abort();
  await job.catch((error: unknown) => {
    if (error !== cancelled.signal.reason) throw error;
  });
}

/**
 * Evaluates a machine on rows of some layers, inside {@link Machine.exclusive} only: between two stretches of a training run, for example.
 *
 * @param machine - The machine, and its native side as `exclusive` handed it over.
 * @param inputs - Rows of layers, described.
 * @param control - What `readEvaluateOptions` made of the caller's options.
 * @param call - Public call, for messages.
 */
export async function evaluateWithin(
  machine: Machine,
  native: NativeMachine,
  inputs: readonly LayerInput[],
  control: EvaluateControl,
  call: string,
): Promise<Evaluation> {
  const packed = await machine.pack(inputs, control.signal, false);
  return evaluatePacked(machine, native, packed, control, call);
}

/** {@link evaluateWithin} of rows that are packed already, for callers that evaluate the same ones again and again. */
export async function evaluatePacked(
  machine: Machine,
  native: NativeMachine,
  packed: NativeLayerRows[],
  control: EvaluateControl,
  call: string,
): Promise<Evaluation> {
  // Rows first: what is wrong with them shows before the long part.
  const sums = await machine.run(call, () => native.rowSums(packed), control.signal);
  const { effectiveSampleSize, converged, warnings, ...logZ } = await partitionWithin(machine, native, packed, control, call);
  const places = packed.reduce((sum, { rows }) => sum + rows.cols, 0);
  const values = sums.values.map((sum) => sum - logZ.value);
  return {
    logLikelihood: summary(values, logZ, places),
    logZ,
    rows: array(values, [values.length]),
    effectiveSampleSize,
    converged,
    warnings: sums.exact ? warnings : [...warnings, estimatedRows],
  };
}

const estimatedRows =
  'layers without rows are coupled to each other, so the weight of every row is an estimate too: log-likelihoods of rows are low on average';

function summary(values: Float64Array, logZ: Interval, places: number): LogLikelihood {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1);
  const [low, high] = [mean - (logZ.high - logZ.value), mean + (logZ.value - logZ.low)];
  return { mean, low, high, perDimension: mean / places, standardError: Math.sqrt(variance / n) };
}

function described(found: NativePartition, { chains, untrained }: EvaluateControl): PartitionEstimate {
  const { method, logZ, forward, reverse, effectiveSampleSize, reverseSampleSize, overlap } = found;
  const warnings = untrained ? ['this machine was neither trained nor given parameters'] : [];
  const samples = Math.min(effectiveSampleSize, reverseSampleSize);
  if (samples < leastSamples) {
    warnings.push(
      `the weights of ${chains} chains are worth ${samples.toPrecision(2)} samples, too few to tell: take more temperatures or chains`,
    );
  }
  const enough = samples >= leastSamples;
  if (forward === null || reverse === null) {
    const linked = overlap >= leastOverlap;
    if (!linked) warnings.push('neighbouring rungs of the ladder have hardly any states in common, so log Z is a guess: take more of them');
    return { method, ...logZ, effectiveSampleSize, converged: enough && linked, warnings };
  }
  const gap = reverse.value - forward.value;
  const agrees = Math.abs(gap) <= largestGap;
  if (!agrees) {
    warnings.push(
      `annealing forward and in reverse differ by ${gap.toPrecision(2)} nats, more than one: log Z lies somewhere between; take more temperatures`,
    );
  }
  const interval = agrees && enough ? logZ : bracket(logZ, forward, reverse);
  return { method, ...interval, forward, reverse, gap, effectiveSampleSize: samples, converged: agrees && enough, warnings };
}

/** Where the two directions disagree, or hardly any weight counts, all that lies between them. */
function bracket({ value }: Interval, ...directions: readonly Interval[]): Interval {
  const [low, high] = [Math.min(...directions.map((i) => i.low)), Math.max(...directions.map((i) => i.high))];
  return { value, low: Math.min(value, low), high: Math.max(value, high) };
}
